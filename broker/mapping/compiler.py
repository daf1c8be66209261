"""Compiles a bound mapping to XSLT 1.0.

The stylesheet is a mirror of the target document: elements in schema order, each with the value of its rule,
each optional one behind the condition under which it is written. It is made to be read (``mapping show
--xslt``), never to be edited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from broker.mapping import xpath
from broker.mapping.conditions import ALWAYS, Condition, Yields, atoms, both, refs
from broker.mapping.header import Header
from broker.mapping.infer import filled
from broker.mapping.presence import written
from broker.mapping.rules import (
    Before,
    Blob,
    Block,
    Cases,
    Const,
    Count,
    Cut,
    Date,
    DatePart,
    Default,
    Embedded,
    Expression,
    FirstOf,
    Guarded,
    Join,
    Letters,
    Needed,
    Normalize,
    Number,
    Pad,
    Param,
    Position,
    Read,
    Split,
    Take,
    Translate,
    conditions_in,
    walk,
)
from broker.mapping.runtime import NAMESPACE
from broker.mapping.schema import Field, fields_of
from broker.mapping.xpath import Here, literal

XSL = "http://www.w3.org/1999/XSL/Transform"
_VALUE = f"{{{XSL}}}value-of"


def compile_mapping(header: Header, root: Block, declared: Mapping[str, object]) -> etree._Element:
    """The stylesheet of a mapping; ``declared`` holds the names of its run-time checks."""
    return _Compiler(header, root, declared).stylesheet()


class _Compiler:
    def __init__(self, header: Header, root: Block, declared: Mapping[str, object]) -> None:
        self.header = header
        self.root = root
        self.declared = declared
        self.prefixes: dict[str, str] = {}
        self.variables = 0
        self.computed: dict[int, str] = {}
        self.target = ""
        self.within = ""

    # ------------------------------------------------------------------ frame

    def stylesheet(self) -> etree._Element:
        for field in _source_fields(self.root):
            self._name(field)
        start = self._name(self.header.source.root)
        known: dict[Any, str] = {"xsl": XSL, "f": NAMESPACE}
        known |= {prefix: uri for uri, prefix in self.prefixes.items()}
        known |= {prefix: uri for uri, prefix in _target_prefixes(self.root).items()}
        sheet = etree.Element(f"{{{XSL}}}stylesheet", nsmap=known, version="1.0")
        sheet.set(
            "exclude-result-prefixes",
            " ".join(sorted({"f", *self.prefixes.values()} - _shared(self.prefixes, self.root))),
        )
        sheet.append(
            etree.Comment(f" {self.header.name}: generated from its mapping.yaml, not to be edited ")
        )
        for name in self.header.params:
            etree.SubElement(sheet, f"{{{XSL}}}param", name=name)
        template = etree.SubElement(sheet, f"{{{XSL}}}template", match=f"/{start}")
        self._block(template, self.root, Here(self.root.scope, self.root.context, self._name))
        _drop_unused(sheet)
        return sheet

    def _name(self, field: Field) -> str:
        uri, _, local = field.qname.rpartition("}")
        if not uri:
            return local
        prefix = self.prefixes.setdefault(uri[1:], f"s{len(self.prefixes) or ''}")
        return f"{prefix}:{local}"

    # ------------------------------------------------------------------ blocks

    def _block(self, out: etree._Element, block: Block, here: Here) -> None:
        """Write a block: its loop or condition around, its element or attribute inside."""
        if block.each is not None:
            loop = etree.SubElement(
                out, f"{{{XSL}}}for-each", select=xpath.select(here, block.each, every=True)
            )
            here = Here(block.scope, block.context, self._name)
            depth = block.scope.depth
            etree.SubElement(loop, f"{{{XSL}}}variable", name=f"item{depth}", select=".")
            etree.SubElement(loop, f"{{{XSL}}}variable", name=f"position{depth}", select="position()")
            self._element(self._guard(loop, block, both(block.when, self._own(block)), here), block, here)
        elif block.over is not None:
            loop = etree.SubElement(out, f"{{{XSL}}}for-each", select=xpath.select(here, block.over))
            here = Here(block.scope, block.context, self._name)
            self._element(self._guard(loop, block, block.when, here), block, here)
        else:
            self._element(self._guard(out, block, self._condition(block), here), block, here)

    def _condition(self, block: Block) -> Condition:
        return ALWAYS if block is self.root or block.target.parent is None else written(block)

    def _own(self, block: Block) -> Condition:
        """For repeated texts: an empty one is not written."""
        return filled(block.value) if block.value is not None and not block.children else ALWAYS

    def _guard(self, out: etree._Element, block: Block, when: Condition, here: Here) -> etree._Element:
        """The place to write into: behind a test, unless the condition always holds."""
        if when == ALWAYS:
            return out
        self._prepare(out, _opaque(block, when), here)
        test = xpath.test(here, when, lambda atom: self.computed[atom.key])
        return etree.SubElement(out, f"{{{XSL}}}if", test=test)

    def _element(self, out: etree._Element, block: Block, here: Here) -> None:
        self.target = self.within + (block.target.path or ".")
        if block.target.attribute:
            uri, _, local = block.target.qname.rpartition("}")
            element = etree.SubElement(out, f"{{{XSL}}}attribute", name=local)
            if uri:
                element.set("namespace", uri[1:])
        else:
            element = etree.SubElement(out, block.target.qname)
        for child in _in_order(block):
            if child.target.attribute:
                self._block(element, child, here)
        if block.value is not None:
            self.target = self.within + (block.target.path or ".")
            self._text(element, self._needed(block), here)
        for child in _in_order(block):
            if not child.target.attribute:
                self._block(element, child, here)

    def _needed(self, block: Block) -> Expression:
        """The value of a block; where an empty one would pass the schema but was declared refused, a check
        around it.
        """
        assert block.value is not None
        if block.target.may_be_empty and f"{block.target.path}#empty" in self.declared:
            return Needed(block.value)
        return block.value

    # ------------------------------------------------------------------ values

    def _text(self, out: etree._Element, value: Expression, here: Here) -> None:
        """Instructions that write the text of an expression."""
        match value:
            case Const(text):
                etree.SubElement(out, f"{{{XSL}}}text").text = text
            case Cases(branches):
                self._choose(out, [(when, inner) for when, inner in branches], here)
            case FirstOf(parts):
                self._choose(out, [(filled(part), part) for part in parts], here)
            case Default(inner, text):
                self._choose(out, [(filled(inner), inner), (ALWAYS, Const(text))], here)
            case Guarded(inner, when):
                self._choose(out, [(when, inner)], here)
            case _:
                etree.SubElement(out, _VALUE, select=self._xpath(out, value, here))

    def _choose(self, out: etree._Element, branches: list[tuple[Condition, Expression]], here: Here) -> None:
        for when, inner in branches:
            self._prepare(out, [part for part in walk(inner) if _mentions(when, part)], here)
        choose = etree.SubElement(out, f"{{{XSL}}}choose")
        for index, (when, inner) in enumerate(branches):
            if when == ALWAYS and index:
                self._text(etree.SubElement(choose, f"{{{XSL}}}otherwise"), inner, here)
                return
            test = xpath.test(here, when, lambda atom: self.computed[atom.key])
            self._text(etree.SubElement(choose, f"{{{XSL}}}when", test=test), inner, here)

    def _xpath(self, out: etree._Element, value: Expression, here: Here) -> str:
        """An expression for the value; what XPath cannot say goes into a variable before ``out``."""
        match value:
            case Const(text):
                return literal(text)
            case Param(parameter):
                return f"string(${parameter.name})"
            case Read(ref):
                return xpath.text(here, ref)
            case Position(scope):
                return f"$position{scope.depth}"
            case Count(ref, _):
                return f"count({xpath.select(here, ref, every=True)})"
            case Cases() | FirstOf() | Default() | Guarded():
                return self._variable(out, value, here)
            case Embedded(block, _):
                return self._embedded(out, block, here)
            case Join(parts, separator):
                listed = ", ".join(self._xpath(out, part, here) for part in parts)
                return f"f:join({literal(separator)}, {listed})"
        return self._call(value, self._xpath(out, value.of, here))

    def _call(self, value: Expression, inner: str) -> str:
        """A function around the text of an operand."""
        target = literal(self.target)
        match value:
            case Translate(_, table, reverse, unknown):
                way = "reverse" if reverse else "forward"
                other = f"={unknown.text}" if isinstance(unknown, Const) else unknown or "refuse"
                return f"f:code({inner}, {literal(table.name)}, '{way}', {literal(other)}, {target})"
            case Date(_, reads, writes, _, _):
                return f"f:date({inner}, {literal('|'.join(reads))}, {literal('|'.join(writes))}, {target})"
            case DatePart(_, reads, part):
                return f"f:part({inner}, {literal('|'.join(reads))}, '{part}', {target})"
            case Split(_, part):
                return f"f:split({inner}, '{part}')"
            case Letters(_, upper):
                return f"f:{'upper' if upper else 'lower'}({inner})"
            case Normalize():
                return f"normalize-space({inner})"
            case Cut(_, length):
                return f"f:cut({inner}, {length})"
            case Pad(_, length, fill):
                return f"f:pad({inner}, {length}, {literal(fill)})"
            case Take(_, start, length):
                return f"substring({inner}, {start}, {length})" if length else f"substring({inner}, {start})"
            case Before(_, mark):
                return f"substring-before({inner}, {literal(mark)})"
            case Number():
                return f"f:number({inner}, {target})"
            case Blob():
                return f"f:blob({inner}, {target})"
            case Needed():
                return f"f:need({inner}, {target})"
        raise AssertionError(value)

    def _variable(self, out: etree._Element, value: Expression, here: Here) -> str:
        self.variables += 1
        name = f"v{self.variables}"
        self._text(etree.SubElement(out, f"{{{XSL}}}variable", name=name), value, here)
        return f"string(${name})"

    def _embedded(self, out: etree._Element, block: Block, here: Here) -> str:
        self.variables += 1
        name = f"v{self.variables}"
        outer, around = self.target, self.within
        self.within = f"{outer}/"
        self._block(etree.SubElement(out, f"{{{XSL}}}variable", name=name), block, here)
        self.target, self.within = outer, around
        return f"f:xml(${name}, {xpath.literal(outer)})"

    def _prepare(self, out: etree._Element, parts: list[Expression | Block], here: Here) -> None:
        """Variables for computed values that a condition asks about, so that each is computed once."""
        for part in parts:
            if id(part) in self.computed:
                continue
            self.variables += 1
            name = f"v{self.variables}"
            if isinstance(part, Block):
                self._any_item(etree.SubElement(out, f"{{{XSL}}}variable", name=name), part, here)
            else:
                select = self._xpath(out, part, here)
                etree.SubElement(out, f"{{{XSL}}}variable", name=name, select=select)
            self.computed[id(part)] = f"string(${name})"

    def _any_item(self, out: etree._Element, block: Block, here: Here) -> None:
        """Text if at least one item of a loop will be written."""
        assert block.each is not None
        loop = etree.SubElement(out, f"{{{XSL}}}for-each", select=xpath.select(here, block.each, every=True))
        inner = Here(block.scope, block.context, self._name)
        etree.SubElement(loop, f"{{{XSL}}}variable", name=f"item{block.scope.depth}", select=".")
        place = self._guard(loop, block, both(block.when, self._own(block)), inner)
        etree.SubElement(place, f"{{{XSL}}}text").text = "1"


def _mentions(when: Condition, part: Expression | Block) -> bool:
    return any(isinstance(atom, Yields) and atom.key == id(part) for atom in atoms(when))


def _opaque(block: Block, when: Condition) -> list[Expression | Block]:
    """The computed values and loops that a block's condition asks about."""
    found: list[Expression | Block] = []
    for inner in block.blocks():
        found += (
            [part for part in walk(inner.value) if _mentions(when, part)] if inner.value is not None else []
        )
        found += [inner] if _mentions(when, inner) else []
    return found


def _in_order(block: Block) -> Iterator[Block]:
    """The blocks below in document order."""
    content = block.target.content
    for field in (*block.target.attributes, *(fields_of(content) if content is not None else ())):
        yield from block.children.get(field, [])


def _drop_unused(sheet: etree._Element) -> None:
    """Remove loop variables that nothing refers to."""
    used = " ".join(str(value) for element in sheet.iter(etree.Element) for value in element.attrib.values())
    for variable in list(sheet.iter(f"{{{XSL}}}variable")):
        name = variable.get("name", "")
        if name.startswith(("item", "position")) and f"${name}" not in used:
            parent = variable.getparent()
            assert parent is not None
            parent.remove(variable)


def _source_fields(root: Block) -> Iterator[Field]:
    for block in root.blocks():
        conditions = [block.when, *(conditions_in(block.value) if block.value else ())]
        for ref in (block.each, block.over, *(r for when in conditions for r in refs(when))):
            yield from ref.field.ancestors() if ref is not None else ()
        for part in walk(block.value) if block.value else ():
            if isinstance(part, Read | Count):
                yield from part.ref.field.ancestors()
            elif isinstance(part, Embedded):
                yield from _source_fields(part.block)


def _target_prefixes(root: Block) -> dict[str, str | None]:
    """Prefixes of the target's namespaces; the main one is the default if no element is without namespace."""
    uris: dict[str, None] = {}
    bare = False
    for block in root.blocks():
        uri = block.target.qname.rpartition("}")[0][1:]
        if uri:
            uris.setdefault(uri)
        elif not block.target.attribute:
            bare = True
    return {uri: (None if index == 0 and not bare else f"t{index or ''}") for index, uri in enumerate(uris)}


def _shared(prefixes: Mapping[str, str], root: Block) -> set[str]:
    """Source prefixes whose namespace the target uses too, which must stay in the output."""
    used = _target_prefixes(root)
    return {prefix for uri, prefix in prefixes.items() if uri in used}
