"""No data disappears unnoticed: every source field is mapped, or dropped with a reason."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

from broker.mapping.conditions import Present, Ref, atoms, refs
from broker.mapping.errors import Findings
from broker.mapping.header import Header
from broker.mapping.rules import (
    Block,
    Count,
    Embedded,
    Expression,
    Param,
    Read,
    Translate,
    conditions_in,
    walk,
)
from broker.mapping.schema import Field
from broker.mapping.yamltree import Node, Table, Text


@dataclasses.dataclass(frozen=True, slots=True)
class Drop:
    """One entry of ``drops``: a source path, with ``*`` for one step and ``**`` for any number, and the
    reason.
    """

    path: str
    reason: str
    line: int

    def covers(self, field: Field) -> bool:
        """True if the field, or an element around it, is meant."""
        pattern = _pattern(self.path)
        return any(pattern.fullmatch(one.path) for one in field.ancestors() if one.path)


@dataclasses.dataclass(frozen=True, slots=True)
class Drops:
    """The ``drops`` of a mapping."""

    entries: tuple[Drop, ...]

    @classmethod
    def read(cls, node: Node | None, findings: Findings) -> Drops:
        """The drops in a node; each needs a reason."""
        entries = []
        for path, reason in node.values.items() if isinstance(node, Table) else ():
            line = node.line_of(path) if isinstance(node, Table) else 1
            if not isinstance(reason, Text) or reason.empty or len(reason.value) < 3:
                findings.error(line, path, "is dropped without a reason", "Say why nobody needs it.")
            else:
                entries.append(Drop(path, reason.value, line))
        return cls(tuple(entries))

    def reason(self, field: Field) -> str | None:
        """Why a field is dropped, None if it is not."""
        pattern = _any_of(tuple(drop.path for drop in self.entries))
        found = [match for one in field.ancestors() if one.path and (match := pattern.fullmatch(one.path))]
        first = min((int((match.lastgroup or "")[1:]) for match in found), default=None)
        return None if first is None else self.entries[first].reason


@functools.cache
def _any_of(paths: tuple[str, ...]) -> re.Pattern[str]:
    """All patterns in one, each a group named by its place: a mapping has hundreds of fields and dozens of drops."""
    if not paths:
        return re.compile(r"(?!)")
    return re.compile("|".join(f"(?P<d{place}>{_pattern(path).pattern})" for place, path in enumerate(paths)))


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    steps = []
    for step in path.split("/"):
        steps.append("(?:[^/]+/)*" if step == "**" else re.escape(step).replace(r"\*", "[^/]*") + "/")
    return re.compile("".join(steps).removesuffix("/"))


def check_coverage(head: Header, root: Block, drops: Drops, findings: Findings) -> None:
    """Findings for fields neither used nor dropped, drops that are used or match nothing, and idle
    declarations.
    """
    used = {ref.field for ref in used_refs(root)}
    leaves = list(head.source.root.leaves())
    for field in _forgotten(head.source.root, used, drops):
        remedy = "Map it, or list it under drops with the reason."
        findings.error(root.line, field.path or ".", "of the source is neither mapped nor dropped", remedy)
    for drop in drops.entries:
        covered = [leaf for leaf in leaves if drop.covers(leaf)]
        if not covered:
            findings.error(
                drop.line, drop.path, "is dropped, but the source has no such field", "Remove the line."
            )
        mapped = [leaf for leaf in covered if leaf in used]
        if mapped and "*" not in drop.path:
            findings.error(drop.line, mapped[0].path, "is dropped, but also mapped", "Remove one of them.")
    _check_idle(head, root, findings)


def _forgotten(field: Field, used: set[Field], drops: Drops) -> list[Field]:
    """The fields of which nobody thinks; an element instead of all its parts if no part is thought of."""
    leaves = list(field.leaves())
    missing = [leaf for leaf in leaves if leaf not in used and drops.reason(leaf) is None]
    if missing and field.parent is not None and not used.intersection(leaves):
        return [field]
    if field.space is not None and field in missing:
        return [field, *(one for child in field.children.values() for one in _forgotten(child, used, drops))]
    return [one for child in field.children.values() for one in _forgotten(child, used, drops)]


def _check_idle(head: Header, root: Block, findings: Findings) -> None:
    used = {part.parameter.name for part in expressions(root) if isinstance(part, Param)}
    tables = {part.table.name for part in expressions(root) if isinstance(part, Translate)}
    for name in head.params.keys() - used:
        findings.warn(1, name, "is a parameter that no rule uses", "Remove it.")
    for name in head.tables.keys() - tables:
        findings.warn(1, name, "is a code table that no rule uses", "Remove it.")


def expressions(root: Block) -> Iterator[Expression]:
    """Every expression of a block tree, embedded documents included."""
    for block in root.blocks():
        for part in walk(block.value) if block.value is not None else ():
            yield part
            if isinstance(part, Embedded):
                yield from expressions(part.block)


def used_refs(root: Block) -> Iterator[Ref]:
    """Every source field whose text is read or compared; asking whether an element is there does not count."""
    for block in root.blocks():
        for when in (block.when, *(conditions_in(block.value) if block.value is not None else ())):
            present = {atom.ref for atom in atoms(when) if isinstance(atom, Present)}
            yield from (ref for ref in refs(when) if ref not in present)
    for part in expressions(root):
        if isinstance(part, Read | Count):
            yield part.ref
