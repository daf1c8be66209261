"""A declaration as the rules read it: texts by path, and the day on which it came."""

from __future__ import annotations

from datetime import date

from broker.canonical.document import find, tag, text_at
from broker.canonical.plan import Node

PARENTS = {"Mother": ("mẹ", "mother"), "Father": ("cha", "father")}
"""Element of a parent → what the parent is called in Vietnamese and English."""


class Case:
    """A schema-valid declaration and the day on which it was received, as the rules read them."""

    def __init__(self, declaration: Node, received: date) -> None:
        """``received`` is the day in Vietnam."""
        self._declaration = declaration
        self._texts: dict[str, str] = {}
        _collect(declaration, "", self._texts)
        self.received = received

    @property
    def born(self) -> date:
        """Day of birth of the child whose birth is declared."""
        return date.fromisoformat(self["Child/BirthDate"] or self.received.isoformat())

    def __getitem__(self, path: str) -> str | None:
        """The text at ``path``, such as ``Survivors/Relative[2]/PersonalNumber``; None if there is no such
        element.
        """
        return text_at(self._declaration, path) if "[" in path else self._texts.get(path)

    def __contains__(self, path: str) -> bool:
        """Whether the declaration has an element at ``path``."""
        return self[path] is not None

    def name(self, person: str) -> str:
        """The name of the person at a path, in one line."""
        parts = (self[f"{person}/Name/{part}"] for part in ("Family", "Middle", "Given"))
        return " ".join(part for part in parts if part)

    def each(self, path: str) -> tuple[str, ...]:
        """The paths of an element that may be repeated, in document order."""
        parent, _, name = path.rpartition("/")
        above = find(self._declaration, parent) if parent else self._declaration
        found = () if above is None else above.findall(tag(name))
        return tuple(f"{path}[{position}]" for position, _ in enumerate(found, 1))


def _collect(node: Node, prefix: str, texts: dict[str, str]) -> None:
    """Path and text of everything below ``node``; of repeated elements the last."""
    for child in node:
        path = prefix + str(child.tag).rpartition("}")[2]
        texts[path] = (child.text or "").strip()
        if len(child):
            _collect(child, path + "/", texts)
