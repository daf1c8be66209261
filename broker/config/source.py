"""YAML files as plain values that remember their lines: every complaint names file, line and key."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from broker.mapping import yamltree
from broker.mapping.errors import MappingFault

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""

_REMEDIES = {
    "extra_forbidden": "Remove it, or correct its spelling.",
    "missing": "Add it.",
}


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with the configuration, for the person who edits it. ``line`` starts at 1."""

    file: str
    line: int
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """``file:line: key: message. Remedy``, the form that editors understand."""
        return f"{self.file}:{self.line}: {self.key}: {self.message}. {self.remedy}"


class ConfigError(Exception):
    """The configuration cannot be used; ``faults`` are all that were found, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """The text lists the faults, one a line."""
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class Source:
    """One file, or one value given on top of the files, with the line of every key."""

    def __init__(self, name: str, values: dict[str, Any], lines: Mapping[Place, int]) -> None:
        """``name`` is how faults call the file."""
        self.name = name
        self.values = values
        self._lines = dict(lines)
        self._overridden: list[Place] = []

    @classmethod
    def read(cls, file: Path, name: str) -> Source:
        """Read ``file``. Scalars stay text as written; models turn them into values. Raises ConfigError."""
        try:
            tree = yamltree.read(file, name)
        except MappingFault as error:
            faults = [Fault(f.file, f.line, f.field or "-", f.message, f.remedy) for f in error.findings]
            raise ConfigError(faults) from error
        lines: dict[Place, int] = {(): tree.line}
        return cls(name, _plain(tree, (), lines), lines)

    def override(self, key: str, value: Any) -> None:
        """Put ``value`` at the dotted ``key``; tables on the way are created. Raises ConfigError."""
        *way, last = key.split(".")
        table: Any = self.values
        for part in way:
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if not isinstance(table, dict):
            raise ConfigError([self.fault((*way, last), "has no such place", "Check the dotted key.")])
        table[last] = value
        self._overridden.append((*way, last))

    def line(self, place: Place) -> int:
        """The line of ``place``, or of the nearest place above it that stands in the file."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def fault(self, place: Place, message: str, remedy: str) -> Fault:
        """A fault at ``place``."""
        overridden = any(place[: len(key)] == key for key in self._overridden)
        hint = " (set by an override)" if overridden else ""
        key = ".".join(map(str, place)) or "-"
        return Fault(self.name, self.line(place), key, message + hint, remedy)

    def faults(self, error: ValidationError, at: Place = ()) -> Iterator[Fault]:
        """The faults behind a model's refusal of the value at ``at``."""
        for detail in error.errors(include_url=False, include_input=False):
            place = self._in_file((*at, *detail["loc"]))
            message = detail["msg"].removeprefix("Value error, ").rstrip(".")
            remedy = _REMEDIES.get(detail["type"], "Correct the value.")
            if detail["type"] == "extra_forbidden":
                message = "is not a setting"
            yield self.fault(place, message[:1].lower() + message[1:], remedy)

    def _in_file(self, place: Place) -> Place:
        """``place`` without what a model puts between keys: the ``kind`` of a table that has several forms."""
        value: Any = self.values
        found: list[str | int] = []
        kind = None
        for part in place:
            if kind is not None and part == kind:
                kind = None
                continue
            found.append(part)
            value = _below(value, part)
            kind = value.get("kind") if isinstance(value, dict) else None
        return tuple(found)


def _below(value: Any, part: str | int) -> Any:
    """What stands at a key or position of a table or list; None if nothing does."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _plain(node: yamltree.Node, place: Place, lines: dict[Place, int]) -> Any:
    lines.setdefault(place, node.line)
    if isinstance(node, yamltree.Text):
        return None if node.empty else node.value
    if isinstance(node, yamltree.Items):
        return [_plain(child, (*place, number), lines) for number, child in enumerate(node)]
    lines.update({(*place, key): node.line_of(key) for key in node.values})
    return {key: _plain(child, (*place, key), lines) for key, child in node.values.items()}
