"""Reads the value side of rules: YAML to expressions and conditions, each path looked up in the source
schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from broker.mapping import dates
from broker.mapping.conditionreader import ConditionReader
from broker.mapping.conditions import (
    Condition,
)
from broker.mapping.header import text
from broker.mapping.rules import (
    Before,
    Blob,
    Cases,
    Const,
    Count,
    Cut,
    Date,
    DatePart,
    Default,
    Expression,
    FirstOf,
    Guarded,
    Join,
    Letters,
    Number,
    Pad,
    Param,
    Position,
    Read,
    Split,
    Take,
    Translate,
)
from broker.mapping.schema import occurrences
from broker.mapping.yamltree import Items, Node, Table, Text

OPERATORS: dict[str, frozenset[str]] = {
    "from": frozenset({"pick"}),
    "const": frozenset(),
    "param": frozenset(),
    "join": frozenset({"with"}),
    "split": frozenset({"part"}),
    "code": frozenset({"table", "reverse", "unknown"}),
    "date": frozenset({"read", "write", "part", "partial"}),
    "first": frozenset(),
    "cases": frozenset(),
    "number": frozenset(),
    "blob": frozenset(),
    "position": frozenset(),
    "count": frozenset(),
    "xml": frozenset(),
}
"""Operators and the keys that go with each."""

MODIFIERS = frozenset({"take", "upper", "lower", "pad", "cut", "when", "default"})
POLICIES = frozenset({"refuse"})


class Reader(ConditionReader):
    """Reads expressions as seen from one place of the source document."""

    # ------------------------------------------------------------------ expressions

    def expression(self, node: Node) -> Expression | None:
        """The expression written in a node, None (with findings) if it is not one."""
        if isinstance(node, Text):
            return self._path(node, node, first=False)
        if isinstance(node, Items):
            self.error(node, "is a list", "Write one rule here.")
            return None
        return self._operator(node)

    def _path(self, node: Node | None, parent: Node, *, first: bool) -> Expression | None:
        ref = self.single(node, parent, first=first)
        if ref is None:
            return None
        if ref.field.space is None:
            self.error(parent, f"{ref.path} holds elements, not text", "Name one of its fields.")
            return None
        return Read(ref)

    def _operator(self, node: Table) -> Expression | None:
        named = [key for key in node.values if key in OPERATORS]
        if len(named) != 1:
            wanted = ", ".join(sorted(OPERATORS))
            self.error(node, "needs exactly one operator", f"Use one of {wanted}.")
            return None
        allowed = {named[0]} | OPERATORS[named[0]] | MODIFIERS | POLICIES
        for key in node.values.keys() - allowed:
            self.findings.error(
                node.line_of(key), self.field, f"{key} does not go with {named[0]}", "Remove it."
            )
        readers = cast("dict[str, Callable[[Table], Expression | None]]", {
            "from": self._from, "const": self._const, "param": self._param, "join": self._join, "split": self._split,
            "code": self._code, "date": self._date, "first": self._first, "cases": self._cases,
            "number": lambda table: self._around(table, "number", Number),
            "blob": lambda table: self._around(table, "blob", Blob),
            "position": self._position, "count": self._count, "xml": self._xml,
        })  # fmt: skip
        value = readers[named[0]](node)
        return None if value is None else self._modified(value, node)

    def operand(self, table: Table, key: str) -> Expression | None:
        """The expression under a key."""
        node = table.get(key)
        return None if node is None else self.expression(node)

    def _around(self, table: Table, key: str, make: Callable[[Expression], Expression]) -> Expression | None:
        inner = self.operand(table, key)
        return None if inner is None else make(inner)

    def _from(self, table: Table) -> Expression | None:
        pick = text(table.get("pick"))
        if pick not in ("", "first"):
            self.error(table, f"cannot pick {pick!r}", "Write pick: first.")
        if isinstance(table.get("from"), Table):
            return self.operand(table, "from")
        return self._path(table.get("from"), table, first=pick == "first")

    def _const(self, table: Table) -> Expression | None:
        node = table.get("const")
        if not isinstance(node, Text):
            self.error(table, "const needs a text", 'Write {const: "1"}.')
            return None
        return Const(node.value)

    def _param(self, table: Table) -> Expression | None:
        parameter = self.header.params.get(text(table.get("param")))
        if parameter is None:
            self.error(
                table, f"there is no parameter {text(table.get('param'))!r}", "Declare it under params."
            )
            return None
        return Param(parameter)

    def _many(self, table: Table, key: str) -> tuple[Expression, ...] | None:
        node = table.get(key)
        if not isinstance(node, Items) or not node.values:
            self.error(table, f"{key} needs a list", f"Write {{{key}: [first, second]}}.")
            return None
        parts = [self.expression(item) for item in node]
        return None if None in parts else tuple(part for part in parts if part is not None)

    def _join(self, table: Table) -> Expression | None:
        parts = self._many(table, "join")
        separator = table.get("with")
        return None if parts is None else Join(parts, separator.value if isinstance(separator, Text) else "")

    def _first(self, table: Table) -> Expression | None:
        parts = self._many(table, "first")
        return None if parts is None else FirstOf(parts)

    def _split(self, table: Table) -> Expression | None:
        part = text(table.get("part"))
        if part not in ("family", "middle", "given"):
            self.error(table, "split needs part", "Write part: family, middle or given.")
            return None
        chosen = cast(Literal["family", "middle", "given"], part)
        return self._around(table, "split", lambda inner: Split(inner, chosen))

    def _code(self, table: Table) -> Expression | None:
        name = text(table.get("table"))
        codes = self.header.tables.get(name)
        if codes is None:
            self.error(table, f"the code table {name!r} is not declared", "Name it under tables.")
            return None
        unknown: Const | Literal["refuse", "keep"] | None = None
        node = table.get("unknown")
        if isinstance(node, Table) and isinstance(node.get("const"), Text):
            unknown = Const(text(node.get("const")))
        elif text(node) in ("refuse", "keep"):
            unknown = cast(Literal["refuse", "keep"], text(node))
        elif node is not None:
            self.error(node, "unknown must be refuse, keep or {const: text}", "Choose one.")
        reverse = text(table.get("reverse")) == "true"
        return self._around(table, "code", lambda inner: Translate(inner, codes, reverse, unknown))

    def _date(self, table: Table) -> Expression | None:
        reads, part = self._formats(table, "read"), text(table.get("part"))
        if part:
            if part not in ("year", "month", "day") or table.get("write") is not None:
                self.error(table, "part must be year, month or day, without write", "Choose one.")
                return None
            chosen = cast(Literal["year", "month", "day"], part)
            return self._around(table, "date", lambda inner: DatePart(inner, reads, chosen))
        writes = self._formats(table, "write")
        refuse = text(table.get("partial")) == "refuse"
        zone = self.header.zone
        return self._around(table, "date", lambda inner: Date(inner, reads, writes, zone, refuse))

    def _formats(self, table: Table, key: str) -> tuple[str, ...]:
        node = table.get(key)
        written = (
            [text(item) for item in node]
            if isinstance(node, Items)
            else [text(node)]
            if node
            else [dates.ISO]
        )
        for form in written:
            fault = dates.check_format(form)
            if fault is not None:
                self.error(
                    table, f"the date format {form!r} {fault}", "Use yyyy MM dd HH mm ss and signs, or iso."
                )
                return (dates.ISO,)
        return tuple(written)

    def _cases(self, table: Table) -> Expression | None:
        node = table.get("cases")
        branches: list[tuple[Condition, Expression]] = []
        for item in node if isinstance(node, Items) else ():
            if (
                not isinstance(item, Table)
                or item.values.keys() - {"when", "value"}
                or item.get("value") is None
            ):
                self.error(
                    item, "a case needs value, and when but for the last", "Write {when: …, value: …}."
                )
                return None
            when, value = self.condition(item.get("when")), self.operand(item, "value")
            if value is None:
                return None
            branches.append((when, value))
        if not branches:
            self.error(table, "cases needs a list", "Write a list of {when: …, value: …}.")
            return None
        return Cases(tuple(branches))

    def _position(self, table: Table) -> Expression | None:
        if self.scope.outer is None:
            self.error(table, "position stands outside each", "Use it inside a repeated group.")
            return None
        return Position(self.scope)

    def _count(self, table: Table) -> Expression | None:
        ref = self.ref(table.get("count"), table)
        return None if ref is None else Count(ref, occurrences(ref.field, self.context)[1])

    def _xml(self, table: Table) -> Expression | None:
        self.error(table, "XML as text stands only directly under a target", "Move it up.")
        return None

    # ------------------------------------------------------------------ modifiers

    def _modified(self, value: Expression, table: Table) -> Expression:
        """The value with the modifiers applied, always in the same order: the text first, then whether it
        counts.
        """
        take = table.get("take")
        if take is not None:
            value = self._take(value, take)
        for key in ("upper", "lower"):
            if text(table.get(key)) == "true":
                value = Letters(value, key == "upper")
        pad = table.get("pad")
        if (
            isinstance(pad, Table)
            and text(pad.get("to")).isdigit()
            and len(text(pad.get("with")) or "0") == 1
        ):
            value = Pad(value, int(text(pad.get("to"))), text(pad.get("with")) or "0")
        elif pad is not None:
            self.error(pad, "pad needs to and one character with", 'Write {to: 2, with: "0"}.')
        cut = table.get("cut")
        if cut is not None:
            value = self._cut(value, cut)
        when = table.get("when")
        if when is not None:
            value = Guarded(value, self.condition(when))
        default = table.get("default")
        return Default(value, default.value) if isinstance(default, Text) else value

    def _take(self, value: Expression, node: Node) -> Expression:
        start, length = ("", "")
        if isinstance(node, Table):
            if text(node.get("before")):
                return Before(value, text(node.get("before")))
            start, length = text(node.get("from")) or "1", text(node.get("length"))
        if not start.isdigit() or int(start) < 1 or (length and not length.isdigit()):
            self.error(node, "take needs from and length", 'Write {from: 1, length: 2} or {before: ":"}.')
            return value
        return Take(value, int(start), int(length) if length else None)

    def _cut(self, value: Expression, node: Node) -> Expression:
        if not text(node).isdigit() or int(text(node)) < 1:
            self.error(node, "cut needs a length", "Write cut: 100.")
            return value
        return Cut(value, int(text(node)))
