"""Reads a mapping backwards: what a form says, held against the document that it was made of.

Nothing here is written for one mapping: which field stands where follows from the mapping's own rules, the way
back from a code from its table, from a date from its format. So a rule that loses something is found without
anybody having listed it. What a rule gives up on purpose (capital letters, the rest of a text that is cut) is
not a loss; what it does not write at all must stand among the mapping's drops, which the loader proves.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

from lxml import etree

from broker.mapping import dates
from broker.mapping.codes import CodeTable
from broker.mapping.conditions import All, Condition, Filled, Is, Known, Not, Present, Ref, Scope, Some
from broker.mapping.mapping import Mapping
from broker.mapping.rules import (
    Before,
    Blob,
    Block,
    Cases,
    Const,
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
    Read,
    Split,
    Take,
    Translate,
    walk,
)

_LONG = {"month": 7, "day": 10}
_PLACE = {"year": 0, "month": 1, "day": 2}


@dataclasses.dataclass(frozen=True)
class Source:
    """The document as one block sees it: each scope that is open stands at an element. ``on`` chooses codes."""

    places: dict[Scope, etree._Element]
    on: date

    def within(self, scope: Scope, element: etree._Element) -> Source:
        """One scope further in."""
        return Source(self.places | {scope: element}, self.on)

    def every(self, ref: Ref) -> list[etree._Element]:
        """The elements that a reference names."""
        *above, last = self._steps(ref) or [""]
        start = self._down(self.places[ref.scope], above)
        if not last:
            return [self.places[ref.scope]]
        return [] if start is None else start.findall(last)

    def text(self, ref: Ref) -> str:
        """The text that a reference names, blanks collapsed; empty if there is none."""
        *above, last = self._steps(ref) or [""]
        start = self._down(self.places[ref.scope], above)
        if start is None:
            return ""
        if ref.field.attribute:
            found = start.get(last)
        else:
            at = start.find(last) if last else start
            found = None if at is None else at.text
        return " ".join((found or "").split())

    def holds(self, when: Condition) -> bool:
        """Whether a condition holds. What is computed from values counts as holding: the form tells."""
        match when:
            case Present(ref):
                return bool(self.text(ref)) if ref.field.attribute else bool(self.every(ref))
            case Filled(ref):
                return bool(self.text(ref))
            case Is(ref, words):
                return self.text(ref) in words
            case Known(ref, level):
                return len(self.text(ref)) >= _LONG[level]
            case All(parts):
                return all(self.holds(part) for part in parts)
            case Some(parts):
                return any(self.holds(part) for part in parts)
            case Not(part):
                return not self.holds(part)
        return True

    @staticmethod
    def _steps(ref: Ref) -> list[str]:
        top = ref.scope.root.depth
        return [one.qname for one in reversed(list(ref.field.ancestors())) if one.depth > top]

    @staticmethod
    def _down(start: etree._Element | None, steps: list[str]) -> etree._Element | None:
        for step in steps:
            start = None if start is None else start.find(step)
        return start


def losses(mapping: Mapping, document: etree._Element, output: etree._Element, on: date) -> list[str]:
    """Every field of ``output`` that does not say what the document says, as "target: what the rule reads"."""
    source, zone = Source({mapping.block.scope: document}, on), mapping.header.zone
    return [f"{block.target.path}: {what}" for block, what in _lost(mapping.block, output, source, zone)]


def _lost(
    block: Block, written: etree._Element, source: Source, zone: timedelta
) -> Iterator[tuple[Block, str]]:
    """Losses in a block that stands in the form as ``written``."""
    if isinstance(block.value, Embedded):
        inner = etree.fromstring((written.text or "").encode())  # noqa: TID251 - the test's own reading
        yield from _lost(block.value.block, inner, source, zone)
    elif block.value is not None:
        yield from ((block, what) for what in _said(block.value, written.text or "", source, zone))
    for field, blocks in block.children.items():
        if field.attribute:
            (rule,) = blocks
            if rule.value is not None:
                text = written.get(field.qname) or ""
                yield from ((rule, what) for what in _said(rule.value, text, source, zone))
        else:
            yield from _below(blocks, written.findall(field.qname), source, zone)


def _below(
    blocks: list[Block], written: list[etree._Element], source: Source, zone: timedelta
) -> Iterator[tuple[Block, str]]:
    """Losses in the elements of one name, which the blocks wrote in order."""
    due = [(block, place) for block in blocks for place in _places(block, source)]
    if len(due) == len(written):
        for (block, place), element in zip(due, written, strict=True):
            yield from _lost(block, element, place, zone)
    elif written:
        yield blocks[0], f"written {len(written)} times instead of {len(due)}"
    else:
        for block, place in due:
            yield from ((one, what) for one in block.blocks() for what in _absent(one, place, zone))


def _places(block: Block, source: Source) -> Iterator[Source]:
    """Where a block begins: once for each item, once if its element is there, not at all if its condition fails."""
    if block.each is not None:
        for item in source.every(block.each):
            inside = source.within(block.scope, item)
            if inside.holds(block.when):
                yield inside
    elif (block.over is None or source.every(block.over)) and source.holds(block.when):
        yield source


def _absent(block: Block, source: Source, zone: timedelta) -> Iterator[str]:
    """What a rule should have said of an element that is not there."""
    plain = block.each is None and not isinstance(block.value, Embedded) and block.scope in source.places
    if block.value is not None and plain and source.holds(block.when):
        yield from _said(block.value, "", source, zone)


def _said(value: Expression, text: str, source: Source, zone: timedelta) -> list[str]:
    """The readings of a rule that cannot be had back from the text that it wrote; none if all can."""
    text = " ".join(text.split())
    match value:
        case FirstOf(options):
            live = [one for one in options if not isinstance(one, Guarded) or source.holds(one.when)]
            filled = [one for one in live if _reads(one, source)] or list(options)
            return [] if any(not _said(one, text, source, zone) for one in filled) else [_names(value)]
        case Cases(branches):
            chosen = next((one for when, one in branches if source.holds(when)), None)
            return [] if chosen is None else _said(chosen, text, source, zone)
        case Guarded(of, when):
            return _said(of, text, source, zone) if source.holds(when) else []
        case Default(of, instead):
            return [] if text == instead and not _reads(of, source) else _said(of, text, source, zone)
        case Needed(of) | Normalize(of):
            return _said(of, text, source, zone)
        case Join(parts, _):
            return [what for part in parts for what in _in_part(part, text, source)]
    return [] if _agrees(value, text, source, zone) else [_names(value)]


def _agrees(value: Expression, text: str, source: Source, zone: timedelta) -> bool:
    """Whether the text leads back to what one reading says."""
    match value:
        case Read(ref):
            return source.text(ref) == text
        case Translate(of, table, reverse, unknown):
            back = [*_codes_of(text, table, source.on, reverse), *((text,) if unknown == "keep" else ())]
            fixed = isinstance(unknown, Const) and unknown.text == text
            return fixed or any(not _said(of, one, source, zone) for one in back or [text])
        case Date(Read(ref), reads, writes, _):
            return _same_date(source.text(ref), text, reads, writes, zone)
        case DatePart(Read(ref), reads, part):
            known = dates.read(source.text(ref), reads).values if source.text(ref) else ()
            place = _PLACE[part]
            return (len(known) <= place) if not text else int(text) == known[place]
        case Letters(Read(ref), _):
            return source.text(ref).casefold() == text.casefold()
        case Number(Read(ref)):
            return int(source.text(ref) or 0) == int(text or 0)
        case Cut(Read(ref), _) | Before(Read(ref), _):
            return source.text(ref).startswith(text)
        case Take(Read(ref), _, _) | Split(Read(ref), _):
            return text in source.text(ref)
        case Pad(Read(ref), _, fill):
            return source.text(ref).lstrip(fill) == text.lstrip(fill)
        case Blob(Read(ref)):
            return not text or hashlib.sha256(base64.b64decode(text)).hexdigest() == source.text(ref)
    return True


def _codes_of(text: str, table: CodeTable, on: date, reverse: bool) -> Iterator[str]:
    """Every code that means ``text``: where several do, the table says so, and the form cannot tell them apart."""
    for row in table.rows:
        source, target = (row.target, row.source) if reverse else (row.source, row.target)
        if target == text and row.start <= on <= row.end:
            yield source


def _same_date(was: str, text: str, reads: tuple[str, ...], writes: tuple[str, ...], zone: timedelta) -> bool:
    """Whether the written date is the one that was read, as far as the form has room; a known day is kept."""
    if not was or not text:
        return was == text or (bool(was) and dates.write(dates.read(was, reads), writes, zone) is None)
    known = dates.read(was, reads).within(zone).values
    said = dates.read(text, writes).within(zone).values
    both = min(len(known), len(said))
    return known[:both] == said[:both] and (len(known) < 3 or len(said) >= 3)


def _in_part(part: Expression, text: str, source: Source) -> list[str]:
    """A part of a joined text stands in it; the order of names and addresses is that of the rule."""
    inner = part.of if isinstance(part, Letters | Needed | Normalize) else part
    if isinstance(inner, Read) and source.text(inner.ref).casefold() not in text.casefold():
        return [_names(part)]
    return []


def _reads(value: Expression, source: Source) -> bool:
    """Whether there is anything to read for a rule."""
    refs = [part.ref for part in walk(value) if isinstance(part, Read)]
    return not refs or any(source.text(ref) for ref in refs)


def _names(value: Expression) -> str:
    return ", ".join(part.ref.path for part in walk(value) if isinstance(part, Read))
