"""Date formats at the edges, and the partial dates of the hub's own documents.

A format is written with ``yyyy MM dd HH mm ss`` and literal characters (``dd.MM.yyyy``), or is ``iso``:
whatever is known of ``yyyy-MM-ddTHH:mm:ss+07:00``. A `Moment` keeps what is known and nothing else: 1978
stays 1978. Dates that do not exist (30 February) are refused, never corrected. Times without an offset are
local to the mapping's zone.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from datetime import datetime, timedelta, timezone

from broker.mapping import regexparser
from broker.mapping.regex import Regex, either, then, word

FIELDS = ("yyyy", "MM", "dd", "HH", "mm", "ss")
_TOKEN = re.compile("|".join(FIELDS))
_RANGES = {
    "yyyy": "[0-9]{4}",
    "MM": "(0[1-9]|1[0-2])",
    "dd": "(0[1-9]|[12][0-9]|3[01])",
    "HH": "([01][0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
ISO = "iso"


class DateRefused(ValueError):
    """The text is not a date in the expected form, or names a day that does not exist."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a point in time; ``values`` runs from year to second and ends where knowledge ends."""

    values: tuple[int, ...]
    offset: timedelta | None = None

    def within(self, zone: timedelta) -> Moment:
        """The same instant told in ``zone``; a time without offset is taken as already in it."""
        if self.offset is None or len(self.values) < 5 or self.offset == zone:
            return self
        shifted = self._datetime().astimezone(timezone(zone))
        parts = (shifted.year, shifted.month, shifted.day, shifted.hour, shifted.minute, shifted.second)
        return Moment(parts[: len(self.values)], zone)

    def _datetime(self) -> datetime:
        year, month, day, hour, minute, second = (*self.values, *(0,) * (6 - len(self.values)))
        return datetime(
            year, month or 1, day or 1, hour, minute, second, tzinfo=timezone(self.offset or timedelta())
        )


def parse_zone(text: str) -> timedelta:
    """An offset such as ``+07:00`` or ``Z``. Raises DateRefused."""
    if text == "Z":
        return timedelta()
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", text, re.ASCII)
    if match is None:
        raise DateRefused(f"{text!r} is not an offset such as +07:00")
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -size if match[1] == "-" else size


def check_format(text: str) -> str | None:
    """What is wrong with a format, None if nothing."""
    if text == ISO:
        return None
    fields = _TOKEN.findall(text)
    if not fields:
        return "names no field"
    if len(set(fields)) < len(fields):
        return "names a field twice"
    rest = _TOKEN.sub("", text)
    return f"has unknown letters {rest!r}" if any(char.isalpha() and char != "T" for char in rest) else None


@functools.lru_cache(maxsize=4_096)
def read(text: str, formats: tuple[str, ...]) -> Moment:
    """The moment written as ``text`` in the first format that matches. Raises DateRefused."""
    for form in formats:
        match = _reader(form).fullmatch(text)
        if match is not None:
            return _checked(_moment(match, form))
    raise DateRefused("is not written as " + " or ".join(formats))


@functools.lru_cache(maxsize=4_096)
def write(moment: Moment, formats: tuple[str, ...], zone: timedelta) -> str | None:
    """The moment in the first format all of whose fields are known, None if none is."""
    local = moment.within(zone)
    for form in formats:
        if form == ISO:
            return _write_iso(local, zone)
        fields = _TOKEN.findall(form)
        if all(FIELDS.index(field) < len(local.values) for field in fields):
            return _TOKEN.sub(lambda match: _digits(local, match[0]), form)
    return None


def _digits(moment: Moment, field: str) -> str:
    value = moment.values[FIELDS.index(field)]
    return f"{value:04d}" if field == "yyyy" else f"{value:02d}"


def _write_iso(moment: Moment, zone: timedelta) -> str:
    parts = [_digits(moment, field) for field in FIELDS[: len(moment.values)]]
    if len(parts) <= 3:
        return "-".join(parts)
    clock = ":".join([*parts, "00", "00"][3:6])
    return f"{'-'.join(parts[:3])}T{clock}{zone_text(zone)}"


def zone_text(zone: timedelta) -> str:
    """An offset as ``+07:00``."""
    minutes = int(zone.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@functools.cache
def _reader(form: str) -> re.Pattern[str]:
    if form == ISO:
        return _ISO
    pieces = re.split(f"({_TOKEN.pattern})", form)
    body = "".join(rf"(\d{{{len(p)}}})" if p in FIELDS else re.escape(p) for p in pieces)
    return re.compile(body, re.ASCII)


def _moment(match: re.Match[str], form: str) -> Moment:
    if form == ISO:
        groups = [int(group) for group in match.groups()[:6] if group is not None]
        return Moment(tuple(groups), None if match[7] is None else parse_zone(match[7]))
    named = dict(zip(_TOKEN.findall(form), match.groups(), strict=True))
    values: list[int] = []
    for field in FIELDS:
        if field not in named:
            break
        values.append(int(named[field]))
    return Moment(tuple(values))


def _checked(moment: Moment) -> Moment:
    try:
        moment._datetime()
    except ValueError as error:
        raise DateRefused("names a day or time that does not exist") from error
    return moment


def language(formats: tuple[str, ...], year: str, zone: str | None = None) -> Regex:
    """The texts written in one of the formats, with the years that ``year`` (an XSD pattern) describes.

    ``zone`` is the pattern of the offset after an ISO time; without it, ISO stands for dates only.
    """
    return either(*(_one_language(form, year, zone) for form in formats))


def _one_language(form: str, year: str, zone: str | None) -> Regex:
    if form == ISO:
        day = f"{year}(-{_RANGES['MM']}(-{_RANGES['dd']})?)?"
        full = f"{year}-{_RANGES['MM']}-{_RANGES['dd']}T{_RANGES['HH']}:[0-5][0-9]:[0-5][0-9]{zone or ''}"
        return regexparser.parse(day if zone is None else full)
    pieces = re.split(f"({_TOKEN.pattern})", form)
    ranges = _RANGES | {"yyyy": year}
    return then(*(regexparser.parse(f"({ranges[p]})") if p in ranges else word(p) for p in pieces if p))


def precision(form: str) -> int:
    """How many fields, from the year down, a format needs to be known."""
    return max(FIELDS.index(field) for field in _TOKEN.findall(form)) + 1
