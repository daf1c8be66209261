"""The value space of dates that were read in one format and written in another."""

from __future__ import annotations

from broker.mapping import dates, regexparser
from broker.mapping.inclusion import Included, included, samples
from broker.mapping.regex import Regex, Repeat, between, either, then
from broker.mapping.rules import Date, DatePart
from broker.mapping.values import Space, Values

_YEARS = ("(19|20)[0-9]{2}", "[12][0-9]{3}", "[0-9]{4}")  # narrowest first
_ZONES = "(Z|[+\\-][0-9]{2}:[0-9]{2})?"


def dated(expression: Date | DatePart, source: Space) -> Space:
    """The texts that a date converter writes when it reads ``source``."""
    year = next((y for y in _YEARS if _reads(source, expression.reads, y)), _YEARS[-1])
    if isinstance(expression, DatePart):
        form = {"year": "yyyy", "month": "MM", "day": "dd"}[expression.part]
        return (Values("string", None, (dates.language((form,), year),), len(form), len(form)),)
    zone = dates.zone_text(expression.zone).replace("+", "\\+")
    return tuple(_written(form, year, zone, source, expression.reads) for form in expression.writes)


def _reads(source: Space, reads: tuple[str, ...], year: str) -> bool:
    regex = reading(reads, year)
    return all(isinstance(included(values.languages, regex), Included) for values in source)


def reading(reads: tuple[str, ...], year: str = _YEARS[-1]) -> Regex:
    """Every text that a date converter accepts by its form (the day may still not exist)."""
    regex = dates.language(reads, year)
    if dates.ISO not in reads:
        return regex
    clock = regexparser.parse(r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?")
    day = regexparser.parse(f"{year}-[0-9]{{2}}-[0-9]{{2}}")
    zone = regexparser.parse(_ZONES)
    return either(then(regex, zone), then(day, Repeat(clock, 0, 1), zone))


def _written(form: str, year: str, zone: str, source: Space, reads: tuple[str, ...]) -> Values:
    if form == dates.ISO:
        timed = [_is_timed(read, source) for read in reads]
        kind = (
            "dateTime"
            if all(timed)
            else "date"
            if not any(timed) and _is_whole_day(source, reads)
            else "string"
        )
        forms = [dates.language((form,), year, zone)] if any(timed) else []
        forms += [dates.language((form,), year)] if not all(timed) else []
        return Values(kind, None, (either(*forms),))
    kind = {"yyyy-MM-dd": "date", "yyyy-MM": "gYearMonth", "yyyy": "gYear"}.get(form, "string")
    return Values(kind, None, (dates.language((form,), year),), len(form), len(form))


def _is_timed(form: str, source: Space) -> bool:
    return all(values.kind == "dateTime" for values in source) if form == dates.ISO else "HH" in form


def _is_whole_day(source: Space, reads: tuple[str, ...]) -> bool:
    day = all("dd" in form or form == dates.ISO for form in reads)
    return day and (dates.ISO not in reads or all(values.kind == "date" for values in source))


def least_known(source: Space, reads: tuple[str, ...]) -> int:
    """How many fields of the date, from the year down, are known in every text of the space."""
    forms = [form for form in reads if form != dates.ISO]
    known = [dates.precision(form) for form in forms]
    if dates.ISO in reads:
        known.extend(_iso_known(values) for values in source)
    return min(known, default=0)


def _iso_known(values: Values) -> int:
    fixed = {"dateTime": 6, "date": 3, "gYearMonth": 2, "gYear": 1}.get(values.kind)
    if fixed is not None:
        return fixed
    lengths = ((1, 4), (2, 7), (3, 10), (5, 16))
    return next(
        (known for known, size in lengths if any(samples((*values.languages, between(size, size)), 1))), 6
    )
