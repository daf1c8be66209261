"""YAML read as a tree of text with line numbers.

Scalars stay text exactly as written: ``01`` is not the number one and ``no`` is not false. Codes and dates
are the daily bread of mappings, so YAML's guesses would be daily bugs. Duplicate keys are refused. Anchors
work, for rules that repeat.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import yaml

from broker.mapping.errors import Finding, MappingFault

# The same nodes with the same marks, read by libyaml where it is installed: five times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A scalar and the line it stands on; ``null`` and ``~`` unquoted are told by `empty`."""

    value: str
    line: int
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """True for an unquoted null, tilde or nothing at all."""
        return not self.quoted and self.value in ("", "null", "~")


@dataclasses.dataclass(frozen=True, slots=True)
class Items:
    """A list and the line it starts on."""

    values: tuple[Node, ...]
    line: int

    def __iter__(self) -> Iterator[Node]:
        return iter(self.values)


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A mapping and the line it starts on; ``lines`` gives the line of each key."""

    values: dict[str, Node]
    lines: dict[str, int]
    line: int

    def get(self, key: str) -> Node | None:
        """The value of ``key``, None if absent."""
        return self.values.get(key)

    def line_of(self, key: str) -> int:
        """The line of ``key``, or of the table if the key is absent."""
        return self.lines.get(key, self.line)


Node = Text | Items | Table


def read(path: Path, name: str | None = None) -> Table:
    """The document in ``path``, which must be a mapping. Raises MappingFault with the line of the fault.

    ``name`` is how messages call the file.
    """
    name = name or str(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise _fault(name, 1, f"cannot be read: {error.strerror}", "Check the name of the file.") from error
    except UnicodeDecodeError as error:
        raise _fault(name, 1, "is not UTF-8", "Save the file as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _fault(name, line, f"is not YAML: {error.problem}", "Check indentation and quotes.") from error
    if not isinstance(node, yaml.MappingNode):
        raise _fault(name, 1, "must be a mapping of keys to values", "Start from an existing file.")
    tree = _convert(node, name)
    assert isinstance(tree, Table)
    return tree


def _fault(name: str, line: int, message: str, remedy: str) -> MappingFault:
    return MappingFault([Finding(name, line, "", message, remedy)])


def _convert(node: yaml.Node, name: str) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Text(node.value, line, quoted=bool(node.style))
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_convert(child, name) for child in node.value), line)
    assert isinstance(node, yaml.MappingNode)
    return _convert_table(node, line, name)


def _convert_table(node: yaml.MappingNode, line: int, name: str) -> Table:
    values: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        where = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _fault(name, where, "has a key that is not text", "Use plain keys.")
        if key.value in values:
            raise _fault(name, where, f"writes the key {key.value!r} twice", "Keep one of them.")
        values[key.value] = _convert(value, name)
        lines[key.value] = where
    return Table(values, lines, line)
