"""Reads paths and conditions of a mapping file, each path looked up in the source schema."""

from __future__ import annotations

import difflib
from typing import Literal, cast

from broker.mapping.conditions import (
    ALWAYS,
    Condition,
    Filled,
    Given,
    Is,
    Known,
    Present,
    Ref,
    Scope,
    any_of,
    both,
    negation,
)
from broker.mapping.errors import Findings
from broker.mapping.header import Header, text
from broker.mapping.schema import Field, occurrences
from broker.mapping.yamltree import Items, Node, Table, Text


class ConditionReader:
    """Reads paths and conditions as seen from one place of the source document."""

    def __init__(self, header: Header, findings: Findings, scope: Scope, context: Field, field: str) -> None:
        """``context`` is where relative paths start; ``field`` is the target path, for messages."""
        self.header = header
        self.findings = findings
        self.scope = scope
        self.context = context
        self.field = field

    def error(self, node: Node, message: str, remedy: str) -> None:
        """Record a fault at a node."""
        self.findings.error(node.line, self.field, message, remedy)

    # ------------------------------------------------------------------ paths

    def ref(self, node: Node | None, parent: Node) -> Ref | None:
        """The source field at a path; a finding if there is none."""
        if not isinstance(node, Text) or node.empty:
            self.error(node or parent, "needs a source path", "Write a path such as Child/Name/Given.")
            return None
        scope, start = self._start(node.value)
        found = start.find(node.value.lstrip("/"))
        if found is None:
            known = [leaf.path[len(start.path) :].lstrip("/") for leaf in start.below()]
            near = difflib.get_close_matches(node.value.lstrip("/"), known, 1, 0.5)
            remedy = f"Did you mean {near[0]}?" if near else "Check the source schema."
            self.error(node, f"the source has no {node.value}", remedy)
            return None
        return Ref(scope, found)

    def _start(self, path: str) -> tuple[Scope, Field]:
        if not path.startswith("/"):
            return self.scope, self.context
        scope = self.scope
        while scope.outer is not None:
            scope = scope.outer
        return scope, scope.root

    def single(self, node: Node | None, parent: Node, *, first: bool = False) -> Ref | None:
        """The source field at a path that can be there only once, unless the ``first`` is asked for."""
        ref = self.ref(node, parent)
        if ref is None or first:
            return ref
        start = self.context if not text(node).startswith("/") else ref.scope.root
        if occurrences(ref.field, start)[1] != 1:
            self.error(parent, f"{ref.path} may be there several times", "Use each:, or pick: first.")
            return None
        return ref

    # ------------------------------------------------------------------ conditions

    def condition(self, node: Node | None) -> Condition:
        """The condition written in a node; always true, with findings, if it is none."""
        if node is None:
            return ALWAYS
        if not isinstance(node, Table) or not node.values:
            self.error(
                node, "is not a condition", "Write {exists: path}, {equals: {path: value}} and the like."
            )
            return ALWAYS
        return both(*(self._test(key, value, node) for key, value in node.values.items()))

    def _test(self, key: str, value: Node, table: Table) -> Condition:
        match key:
            case "exists":
                return self._exists(value)
            case "equals" if isinstance(value, Table):
                return both(*(self._equals(path, words, value) for path, words in value.values.items()))
            case "known" if isinstance(value, Table):
                return both(*(self._known(path, level, value) for path, level in value.values.items()))
            case "given" if text(value) in self.header.params:
                return Given(text(value))
            case "all" | "any" if isinstance(value, Items):
                parts = [self.condition(item) for item in value]
                return both(*parts) if key == "all" else any_of(*parts)
            case "not":
                return negation(self.condition(value))
        wanted = "exists, equals, known, given, all, any or not"
        self.findings.error(
            table.line_of(key), self.field, f"{key} is not a condition here", f"Use {wanted}."
        )
        return ALWAYS

    def _exists(self, node: Node) -> Condition:
        ref = self.ref(node, node)
        if ref is None:
            return ALWAYS
        return Present(ref) if ref.field.space is None else Filled(ref)

    def _equals(self, path: str, node: Node, table: Table) -> Condition:
        ref = self.single(Text(path, table.line_of(path)), table)
        listed = (
            [item.value for item in node if isinstance(item, Text)]
            if isinstance(node, Items)
            else [text(node)]
        )
        if ref is None or ref.field.space is None:
            return ALWAYS
        return Is(ref, frozenset(listed))

    def _known(self, path: str, node: Node, table: Table) -> Condition:
        ref = self.single(Text(path, table.line_of(path)), table)
        if text(node) not in ("month", "day"):
            self.error(node, "known needs month or day", "Write {known: {BirthDate: day}}.")
            return ALWAYS
        return ALWAYS if ref is None else Known(ref, cast(Literal["month", "day"], text(node)))
