"""Draws valid documents of a schema, boundary values first: the fuel of property tests.

Needs ``hypothesis``, which only development installs; nothing else in the product imports this module.
"""

from __future__ import annotations

import dataclasses
import functools
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, cast

from hypothesis import strategies as st
from lxml import etree

from broker.mapping.regex import EVERYTHING, Chars, Either, Regex, Repeat, Then, contains
from broker.mapping.schema import Field, Group
from broker.mapping.values import COLLAPSED, REPLACED, Space, Values

VIETNAMESE = "Nguyễn Thị Ánh Đào Trần Văn Phượng Lê Hồ Ngọc Quỳnh Ưu Ỷ"
"""Letters with every kind of diacritic, all in normal form C."""

_MANY = 3
_WORDS = ("An", "Minh", "Lan", "a", "binh")
_CLOCKS = ("T08:30:00+07:00", "T23:59:59Z", "T00:00:00", "T12:00:00.250-08:00", "T24:00:00")
_EDGE_DAYS = ("0001-01-01", "9999-12-31", "2024-02-29Z", "2026-03-01+07:00", "12026-01-01", "-0044-03-15")


@dataclasses.dataclass(frozen=True, slots=True)
class Taste:
    """What to draw. ``tame`` prefers everyday values to boundary values; ``choose`` may decide for single
    fields.
    """

    tame: bool = False
    choose: Callable[[Field], st.SearchStrategy[str] | None] = lambda field: None


WILD = Taste()


def documents(root: Field, taste: Taste = WILD) -> st.SearchStrategy[etree._Element]:
    """Documents of a root element.

    They are valid but, rarely, for facets that are not modelled or constraints across fields: filter with the
    schema.
    """
    return st.composite(_document)(root, taste)


def _document(draw: Any, root: Field, taste: Taste) -> etree._Element:
    uri = root.qname.rpartition("}")[0][1:]
    element = etree.Element(root.qname, nsmap=cast("Any", {None: uri} if uri else {}))
    _fill(draw, root, element, taste)
    return element


def _fill(draw: Any, field: Field, element: etree._Element, taste: Taste) -> None:
    for attribute in field.attributes:
        if draw(_times(attribute.minimum, 1, taste)):
            element.set(attribute.qname, draw(text(attribute, taste)))
    if field.space is not None:
        element.text = draw(text(field, taste))
    elif field.content is not None:
        _fill_group(draw, field.content, element, taste)


def _fill_group(draw: Any, group: Group, element: etree._Element, taste: Taste) -> None:
    for _ in range(draw(_times(group.minimum, group.maximum, taste))):
        members = group.members if group.kind != "choice" else (draw(st.sampled_from(group.members)),)
        for member in members:
            if isinstance(member, Group):
                _fill_group(draw, member, element, taste)
            else:
                _fill_element(draw, member, element, taste)


def _fill_element(draw: Any, field: Field, element: etree._Element, taste: Taste) -> None:
    if field.recursive:
        return
    for _ in range(draw(_times(field.minimum, field.maximum, taste))):
        _fill(draw, field, etree.SubElement(element, field.qname), taste)


def _times(least: int, most: int | None, taste: Taste) -> st.SearchStrategy[int]:
    """How often: the least, one more, a few. In tame documents most things are there, once."""
    top = least + _MANY if most is None else min(most, least + _MANY)
    if taste.tame:
        return st.sampled_from([min(max(least, 1), top)] * 9 + [least])
    return st.sampled_from(sorted({least, min(least + 1, top), top}))


def text(field: Field, taste: Taste = WILD) -> st.SearchStrategy[str]:
    """Texts of a field, the empty one included where it is valid."""
    fixed = getattr(field.xsd, "fixed", None)
    if fixed:
        return st.just(str(fixed))
    chosen = taste.choose(field)
    if chosen is not None:
        return chosen
    filled = _space(field.space or (), taste.tame)
    return st.one_of(filled, st.just("")) if field.may_be_empty and not taste.tame else filled


@functools.lru_cache(maxsize=1_024)
def _space(space: Space, tame: bool) -> st.SearchStrategy[str]:
    return st.one_of(*(_values(values, tame) for values in space))


def _values(values: Values, tame: bool) -> st.SearchStrategy[str]:
    drawn = _raw(values, tame)
    accepts = values.accepts
    return drawn if accepts is None else drawn.filter(accepts)


def _raw(values: Values, tame: bool) -> st.SearchStrategy[str]:
    if values.words is not None:
        return st.sampled_from(sorted(values.words))
    match values.kind:
        case "integer":
            return _integers(values)
        case "decimal":
            return st.sampled_from(("0", "1.5", "-1", "12.34")) if values.low is None else _integers(values)
        case "date":
            day = st.dates(_day("1990-01-01"), _day("2039-12-31")).map(str)
            return day if tame else st.one_of(day, st.sampled_from(_EDGE_DAYS))
        case "dateTime":
            day = st.dates(_day("2001-01-01"), _day("2039-12-31")).map(str)
            clock = st.sampled_from(_CLOCKS[:1] if tame else _CLOCKS)
            return st.tuples(day, clock).map("".join)
        case "base64Binary":
            return st.sampled_from(("QQ==", "VmnhuqF0IE5hbQ=="))
    patterns = [p for p in values.patterns if p not in (COLLAPSED, REPLACED)]
    return matching(patterns[0]) if patterns else _tame(values) if tame else _plain(values)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _tame(values: Values) -> st.SearchStrategy[str]:
    """Short words that hardly any destination minds."""
    fitting = [w for w in _WORDS if len(w) >= values.shortest and len(w) <= (values.longest or len(w))]
    return st.sampled_from(fitting) if fitting else _plain(values)


def _integers(values: Values) -> st.SearchStrategy[str]:
    low = int(values.low if values.low is not None else Decimal(-1_000))
    high = int(values.high if values.high is not None else Decimal(low + 2_000))
    return st.one_of(st.sampled_from((low, high)), st.integers(low, high)).map(str)


def _plain(values: Values) -> st.SearchStrategy[str]:
    """Text of the shortest and the longest length, and Vietnamese in between."""
    most = min(values.longest or 60, 2_000)
    least = min(values.shortest, most)
    some = VIETNAMESE * (most // len(VIETNAMESE) + 1)
    edge = st.sampled_from((least, most)).map(lambda size: _exactly(some, size))
    free = st.text(
        st.sampled_from(VIETNAMESE + "0123456789-./,'&<>\""), min_size=least, max_size=min(most, 40)
    )
    return st.one_of(
        edge, free.map(lambda drawn: " ".join(drawn.split())).filter(lambda drawn: len(drawn) >= least)
    )


def _exactly(source: str, size: int) -> str:
    """The first characters of a text, no blank at the end."""
    cut = source[:size]
    return cut[:-1] + "ấ" if cut.endswith(" ") else cut


def matching(regex: Regex) -> st.SearchStrategy[str]:
    """Texts that an XSD regular expression matches."""
    match regex:
        case Chars(ranges):
            return st.sampled_from(_letters(ranges))
        case Then(parts):
            return st.tuples(*map(matching, parts)).map("".join)
        case Either(parts):
            return st.one_of(*map(matching, parts))
        case Repeat(part, least, most):
            top = least + 8 if most is None else most
            count = st.sampled_from(sorted({least, top})) if top - least > 8 else st.integers(least, top)
            one = matching(part)
            return count.flatmap(lambda n: st.lists(one, min_size=n, max_size=n)).map("".join)


@functools.cache
def _letters(ranges: tuple[tuple[int, int], ...]) -> list[str]:
    """Telling members of a character set: its edges, and Vietnamese letters if it has them."""
    edges = [point for low, high in ranges[:6] for point in (low, high)]
    chosen = [ord(c) for c in VIETNAMESE + "09azAZ-." if contains(ranges, ord(c))] or edges
    points = chosen if ranges == EVERYTHING or len(chosen) > 12 else [*edges, *chosen]
    usable = [chr(p) for p in dict.fromkeys(points) if contains(EVERYTHING, p)]
    return [c for c in usable if unicodedata.is_normalized("NFC", c)] or usable
