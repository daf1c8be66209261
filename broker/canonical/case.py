"""A declaration as the rules read it: texts by path, and the day on which it came."""

from __future__ import annotations

from datetime import date

from broker.canonical.plan import Node

PARENTS = {"Mother": ("mẹ", "mother"), "Father": ("cha", "father")}
"""Element of a parent → what the parent is called in Vietnamese and English."""


class Case:
    """A schema-valid declaration and the day on which it was received, as the rules read them."""

    def __init__(self, declaration: Node, received: date) -> None:
        """``received`` is the day in Vietnam."""
        self._texts: dict[str, str] = {}
        _collect(declaration, "", self._texts)
        self.received = received
        self.born = date.fromisoformat(self["Child/BirthDate"] or received.isoformat())

    def __getitem__(self, path: str) -> str | None:
        """The text at ``path``; None if there is no such element."""
        return self._texts.get(path)

    def __contains__(self, path: str) -> bool:
        """Whether the declaration has an element at ``path``."""
        return path in self._texts


def _collect(node: Node, prefix: str, texts: dict[str, str]) -> None:
    """Path and text of everything below ``node``; of repeated elements the last."""
    for child in node:
        path = prefix + str(child.tag).rpartition("}")[2]
        texts[path] = (child.text or "").strip()
        if len(child):
            _collect(child, path + "/", texts)
