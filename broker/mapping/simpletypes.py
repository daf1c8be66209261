"""XSD simple types as value spaces."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from xmlschema import XMLSchema

from broker.mapping import regexparser
from broker.mapping.inclusion import enumerated
from broker.mapping.regex import Regex, either, lengths
from broker.mapping.values import COLLAPSED, REPLACED, Space, Values

XSD = "{http://www.w3.org/2001/XMLSchema}"
_ZONE = r"(Z|[+\-][0-9]{2}:[0-9]{2})?"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
_LEXICAL = {
    "integer": r"[+\-]?[0-9]+",
    "decimal": r"[+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)",
    "date": rf"-?[0-9]{{4,}}-[0-9]{{2}}-[0-9]{{2}}{_ZONE}",
    "gYearMonth": rf"-?[0-9]{{4,}}-[0-9]{{2}}{_ZONE}",
    "gYear": rf"-?[0-9]{{4,}}{_ZONE}",
    "dateTime": rf"-?[0-9]{{4,}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}{_ZONE}",
    "time": _TIME + _ZONE,
    "base64Binary": r"[A-Za-z0-9+/ ]*[= ]*",
    "hexBinary": r"([0-9a-fA-F]{2})*",
}
"""Lexical forms of the primitive types (XSD part 2 §3.2), each a superset of what is valid."""


@functools.lru_cache(maxsize=4_096)
def space(xsd_type: Any) -> Space:
    """The non-empty texts of a simple type, after the white space processing that the type asks for."""
    members = getattr(xsd_type, "member_types", None)
    if members:
        return tuple(values for member in members for values in space(member))
    return (_atomic(xsd_type),)


def accepts_empty(xsd_type: Any) -> bool:
    """True if the empty text is valid."""
    return bool(xsd_type.is_valid(""))


def builtin(name: str) -> Any:
    """The built-in simple type of that local name, None if XML Schema has none."""
    known = XMLSchema.builtin_types()
    return known.get(name, None)


def _atomic(xsd_type: Any) -> Values:
    kind = _kind(xsd_type)
    blanks = xsd_type.white_space or "preserve"
    patterns = tuple(_patterns(xsd_type, kind, blanks))
    shortest, longest = _lengths(xsd_type, patterns)
    return Values(
        kind=kind,
        words=_words(xsd_type, kind),
        patterns=patterns,
        shortest=max(shortest, 1),
        longest=longest,
        low=_number(xsd_type.min_value, kind),
        high=_number(xsd_type.max_value, kind),
        blanks=blanks,
        further=_further(xsd_type, kind),
        accepts=xsd_type.is_valid,
    )


def _kind(xsd_type: Any) -> str:
    if getattr(xsd_type, "is_list", lambda: False)():
        return "list"
    if any(base.name == f"{XSD}integer" for base in _bases(xsd_type)):
        return "integer"
    primitive = getattr(xsd_type, "primitive_type", None)
    return (primitive.local_name or "string") if primitive is not None else "string"


def _bases(xsd_type: Any) -> Iterator[Any]:
    """The type and what it is derived from, itself first."""
    while xsd_type is not None:
        yield xsd_type
        xsd_type = getattr(xsd_type, "base_type", None)


def _words(xsd_type: Any, kind: str) -> frozenset[str] | None:
    if kind == "boolean":
        return frozenset(("true", "false", "1", "0"))
    for base in _bases(xsd_type):
        facet = base.facets.get(f"{XSD}enumeration") if getattr(base, "facets", None) else None
        if facet is not None:
            written = (element.get("value", "") for element in facet)
            return frozenset(text for text in written if text and xsd_type.is_valid(text))
    listed = enumerated(tuple(_patterns(xsd_type, kind, "preserve"))) if kind == "string" else None
    return None if listed is None else frozenset(text for text in listed if xsd_type.is_valid(text))


def _patterns(xsd_type: Any, kind: str, blanks: str) -> Iterator[Regex]:
    """One expression per step of derivation; patterns of one step are alternatives (XSD part 2 §4.3.4)."""
    for base in _bases(xsd_type):
        facet = getattr(base, "patterns", None)
        if facet is not None and facet.base_type is not None and base.facets.get(f"{XSD}pattern") is facet:
            yield either(*(regexparser.parse(text) for text in facet.regexps))
    if kind in _LEXICAL:
        yield regexparser.parse(_LEXICAL[kind])
    elif blanks == "collapse":
        yield COLLAPSED
    elif blanks == "replace":
        yield REPLACED


def _lengths(xsd_type: Any, patterns: tuple[Regex, ...]) -> tuple[int, int | None]:
    """Length bounds, by facets or implied by patterns."""
    implied = [lengths(pattern) for pattern in patterns]
    shortest = max((low for low, _ in implied), default=0)
    longest = min((high for _, high in implied if high is not None), default=None)
    for base in _bases(xsd_type):
        least, most = getattr(base, "min_length", None), getattr(base, "max_length", None)
        shortest = max(shortest, least or 0)
        longest = most if longest is None else min(longest, most if most is not None else longest)
    return shortest, longest


def _further(xsd_type: Any, kind: str) -> bool:
    """True for facets that `Values` does not model: digits of decimals, bounds of dates."""
    facets = {
        name.removeprefix(XSD)
        for base in _bases(xsd_type)
        for name in getattr(base, "facets", None) or ()
        if name
    }
    ranges = (
        {"minInclusive", "maxInclusive", "minExclusive", "maxExclusive"}
        if kind not in ("integer", "decimal")
        else set()
    )
    return (
        bool(facets & ({"totalDigits", "fractionDigits", "assertion", "explicitTimezone"} | ranges))
        and kind != "integer"
    )


def _number(value: Any, kind: str) -> Decimal | None:
    return Decimal(value) if kind in ("integer", "decimal") and value is not None else None
