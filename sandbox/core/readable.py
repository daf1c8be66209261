"""A message as text that people read and rules match, and Vietnamese dates as agencies write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from sandbox.core.xml import DSIG, local_name

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST = 500  # characters of one value: attached files are cut off
SUPPLEMENT_DAYS = 7


def readable(title: str, element: etree._Element) -> str:
    """``title``, then one line ``name: value`` per leaf and attribute; signatures are left out."""
    return "\n".join([title, *_lines(element)])


def local(moment: datetime, pattern: str) -> str:
    """``moment`` in Vietnam time, in the given `strftime` pattern."""
    return moment.astimezone(VIETNAM).strftime(pattern)


def supplement_deadline(until: str | None, since: datetime) -> datetime:
    """The moment given as ISO text (Vietnam time if it has no zone).

    Without one: the end of the seventh working day after ``since`` (decree 63/2024: 07 working days),
    weekends counted out; a stand-in knows no public holidays. Notices carry only the date, so the whole day counts.
    """
    if until:
        moment = datetime.fromisoformat(until)
        return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
    day, left = since.astimezone(VIETNAM), SUPPLEMENT_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def _lines(element: etree._Element) -> Iterator[str]:
    if etree.QName(element).namespace == DSIG:
        return
    for name, value in element.attrib.items():
        yield f"{local_name(element)}@{name!s}: {value!s}"
    if len(element) == 0:
        yield f"{local_name(element)}: {(element.text or '')[:LONGEST]}"
    for item in element:
        yield from _lines(item)
