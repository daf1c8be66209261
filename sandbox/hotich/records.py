"""Reads the hoTich element of births and deaths: names, dates, and which of the two it is."""

from __future__ import annotations

from datetime import date

from lxml import etree

from sandbox.core.xml import child, text

Parts = tuple[int, int | None, int | None]
"""Year, month, day of a date known in part."""


def is_death(record: etree._Element) -> bool:
    """Whether the record is about a death (nkt…) and not about a birth (nks…)."""
    return child(record, "nktHoTen") is not None


def module(record: etree._Element) -> str:
    """The routing key of its dossier."""
    return "LTKT" if is_death(record) else "LTKS"


def event(record: etree._Element) -> str:
    """What is registered, in words."""
    return "khai tử" if is_death(record) else "khai sinh"


def full_name(record: etree._Element) -> str:
    """The name of the child or of the deceased in one line."""
    person = "nktHoTen" if is_death(record) else "nksHoTen"
    return " ".join(filter(None, (text(record, f"{person}/{name}") for name in ("Ho", "ChuDem", "Ten"))))


def partial_date(element: etree._Element | None, event: str = "Sinh") -> Parts | None:
    """Year, month and day of a NgaySinh element, or of a NgayChet with ``event`` Chet; None if it is absent."""
    if element is None:
        return None
    year, month, day = (text(element, f"{name}{event}") for name in ("nam", "thang", "ngay"))
    return int(year), int(month) if month else None, int(day) if day else None


def exists(parts: Parts) -> bool:
    """Whether the date can be, as far as it is known; a day needs its month."""
    year, month, day = parts
    if day and not month:
        return False
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return False
    return True


def earliest(parts: Parts) -> date:
    """The first day that the date can mean."""
    year, month, day = parts
    return date(year, month or 1, day or 1)
