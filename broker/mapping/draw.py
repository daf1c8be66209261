"""Draws valid documents of a schema, boundary values first: the fuel of property tests.

Needs ``hypothesis``, which only development installs; nothing else in the product imports this module.
"""

from __future__ import annotations

import functools
import unicodedata
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
_CLOCK = "T08:30:00+07:00"


def documents(root: Field) -> st.SearchStrategy[etree._Element]:
    """Documents of a root element that are valid but, rarely, for facets that are not modelled: filter with
    the schema.
    """
    return st.composite(_document)(root)


def _document(draw: Any, root: Field) -> etree._Element:
    uri = root.qname.rpartition("}")[0][1:]
    element = etree.Element(root.qname, nsmap=cast("Any", {None: uri} if uri else {}))
    _fill(draw, root, element)
    return element


def _fill(draw: Any, field: Field, element: etree._Element) -> None:
    for attribute in field.attributes:
        if attribute.minimum or draw(st.booleans()):
            element.set(attribute.qname, draw(text(attribute)))
    if field.space is not None:
        element.text = draw(text(field))
    elif field.content is not None:
        _fill_group(draw, field.content, element)


def _fill_group(draw: Any, group: Group, element: etree._Element) -> None:
    for _ in range(draw(_times(group.minimum, group.maximum))):
        members = group.members if group.kind != "choice" else (draw(st.sampled_from(group.members)),)
        for member in members:
            if isinstance(member, Group):
                _fill_group(draw, member, element)
            else:
                _fill_element(draw, member, element)


def _fill_element(draw: Any, field: Field, element: etree._Element) -> None:
    if field.recursive:
        return
    for _ in range(draw(_times(field.minimum, field.maximum))):
        _fill(draw, field, etree.SubElement(element, field.qname))


def _times(least: int, most: int | None) -> st.SearchStrategy[int]:
    """How often: the least, then a few, then the most if that is not many."""
    top = least + _MANY if most is None else min(most, least + _MANY)
    return st.sampled_from(sorted({least, min(least + 1, top), top}))


def text(field: Field) -> st.SearchStrategy[str]:
    """Texts of a field, the empty one included where it is valid."""
    filled = _space(field.space or ())
    fixed = getattr(field.xsd, "fixed", None)
    if fixed:
        return st.just(str(fixed))
    return st.one_of(filled, st.just("")) if field.may_be_empty else filled


@functools.lru_cache(maxsize=1_024)
def _space(space: Space) -> st.SearchStrategy[str]:
    return st.one_of(*(_values(values) for values in space))


def _values(values: Values) -> st.SearchStrategy[str]:
    drawn = _raw(values)
    accepts = values.accepts
    return drawn if accepts is None else drawn.filter(accepts)


def _raw(values: Values) -> st.SearchStrategy[str]:
    if values.words is not None:
        return st.sampled_from(sorted(values.words))
    match values.kind:
        case "integer":
            return _integers(values)
        case "decimal":
            return st.sampled_from(("0", "1.5", "-1", "12.34")) if values.low is None else _integers(values)
        case "date":
            return st.dates(min_value=_day("1900-01-01"), max_value=_day("2099-12-31")).map(str)
        case "dateTime":
            return st.dates(min_value=_day("1990-01-01"), max_value=_day("2090-12-31")).map(
                lambda d: f"{d}{_CLOCK}"
            )
        case "base64Binary":
            return st.sampled_from(("QQ==", "VmnhuqF0IE5hbQ=="))
    patterns = [p for p in values.patterns if p not in (COLLAPSED, REPLACED)]
    return matching(patterns[0]) if patterns else _plain(values)


def _day(text: str) -> Any:
    return date.fromisoformat(text)


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
