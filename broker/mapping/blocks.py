"""Reads the target side of rules: the ``map:`` of a mapping to a tree of blocks in the shape of the target
document.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from broker.mapping import header
from broker.mapping.conditions import Ref, Scope
from broker.mapping.errors import Findings
from broker.mapping.expressions import Reader
from broker.mapping.header import Header, text
from broker.mapping.rules import Block, Embedded
from broker.mapping.schema import Field
from broker.mapping.yamltree import Items, Node, Table, Text

GROUP_KEYS = frozenset({"each", "from", "when", "value", "map", "refuse"})


class BlockReader:
    """Builds the block tree of one mapping, recording what does not make sense."""

    def __init__(self, head: Header, findings: Findings, project: Path) -> None:
        self.header = head
        self.findings = findings
        self.project = project

    def root(self, rules: Node | None, line: int) -> Block:
        """The block of the target's document element."""
        scope = Scope(self.header.source.root)
        block = Block(self.header.target.root, scope, scope.root, line, explicit=True)
        if isinstance(rules, Table):
            self._fill(block, rules)
        else:
            self.findings.error(line, "map", "is missing", "Write map: with one rule for each target field.")
        return block

    def _fill(self, block: Block, rules: Table) -> None:
        """Put the rules of one ``map:`` below a block."""
        for path, node in rules.values.items():
            parent = self._parent(block, path, rules)
            target = parent.target.children.get(path.rpartition("/")[2]) if parent is not None else None
            if parent is None or target is None:
                self._unknown(block, path, rules)
            else:
                self._place(parent, target, node, rules.line_of(path))

    def _unknown(self, block: Block, path: str, rules: Table) -> None:
        start = len(block.target.path)
        known = [field.path[start:].lstrip("/") for field in block.target.below()]
        near = difflib.get_close_matches(path, known, 1, 0.5)
        name = f"{block.target.path}/{path}".lstrip("/")
        remedy = f"Did you mean {near[0]}?" if near else "Check the target schema."
        self.findings.error(rules.line_of(path), name, "is not in the target", remedy)

    def _parent(self, block: Block, path: str, rules: Table) -> Block | None:
        """The block in which the last step of a target path is written; blocks on the way are made."""
        for step in path.split("/")[:-1]:
            field = block.target.children.get(step)
            if field is None:
                return None
            existing = block.children.setdefault(field, [])
            if not existing:
                existing.append(Block(field, block.scope, block.context, rules.line_of(path)))
            elif existing[0].explicit:
                self.findings.error(
                    rules.line_of(path), path, "is written twice", f"Put it into the map of {step}."
                )
            block = existing[0]
        return block

    def _place(self, parent: Block, target: Field, node: Node, line: int) -> None:
        existing = parent.children.setdefault(target, [])
        if any(block.explicit or block.value is not None for block in existing):
            self.findings.error(line, target.path, "is written twice", "Keep one rule.")
            return
        for rule in node.values if isinstance(node, Items) else (node,):
            made = self._block(parent, target, rule, line)
            if existing and not existing[0].explicit and made.value is not None:
                existing[0].value, existing[0].explicit, existing[0].refuse = made.value, True, made.refuse
            else:
                existing.append(made)

    def _block(self, parent: Block, target: Field, node: Node, line: int) -> Block:
        block = Block(target, parent.scope, parent.context, line, explicit=True)
        if isinstance(node, Table) and {"each", "map", "value"} & node.values.keys():
            self._group(block, node)
        elif isinstance(node, Table) and "xml" in node.values:
            block.value = self._embedded(block, node)
        else:
            block.value = self._reader(block).expression(node)
            block.refuse = isinstance(node, Table) and text(node.get("refuse")) == "true"
        if block.value is not None and target.space is None:
            self.findings.error(line, target.path, "holds elements, not text", "Write map: below it.")
        return block

    def _reader(self, block: Block) -> Reader:
        return Reader(self.header, self.findings, block.scope, block.context, block.target.path)

    def _group(self, block: Block, node: Table) -> None:
        for key in node.values.keys() - GROUP_KEYS:
            remedy = f"Use {', '.join(sorted(GROUP_KEYS))}."
            self.findings.error(
                node.line_of(key), block.target.path, f"{key} is not a key of a group", remedy
            )
        self._enter(block, node)
        reader = self._reader(block)
        block.when = reader.condition(node.get("when"))
        block.refuse = text(node.get("refuse")) == "true"
        value = node.get("value")
        if value is None and "map" not in node.values and block.each is not None:
            value = Text(".", node.line)
        block.value = None if value is None else reader.expression(value)
        rules = node.get("map")
        if isinstance(rules, Table):
            self._fill(block, rules)

    def _enter(self, block: Block, node: Table) -> None:
        """Move the start of paths to the element of ``each`` or ``from``."""
        reader = self._reader(block)
        if node.get("each") is not None:
            found = reader.ref(node.get("each"), node)
            if found is not None:
                block.each = found
                block.scope = Scope(found.field, block.scope)
                block.context = found.field
        elif node.get("from") is not None:
            over = reader.single(node.get("from"), node)
            if over is not None:
                block.over = Ref(over.scope, over.field)
                block.scope, block.context = over.scope, over.field

    def _embedded(self, block: Block, node: Table) -> Embedded | None:
        """A whole document inside a text node: its own schema, the same source."""
        inner = node.get("xml")
        for key in node.values.keys() - {"xml", "refuse"}:
            self.findings.error(
                node.line_of(key), block.target.path, f"{key} does not go with xml", "Remove it."
            )
        found = header.document(inner, "xml", node, self.findings, self.project)
        if found is None or not isinstance(inner, Table):
            return None
        root = Block(found.root, block.scope, block.context, node.line, explicit=True)
        rules = inner.get("map")
        if isinstance(rules, Table):
            self._fill(root, rules)
        return Embedded(root, found.schema)
