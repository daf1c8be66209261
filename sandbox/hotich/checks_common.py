"""Checks that the records of births and deaths share: places, identity papers, the applicant's relation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from sandbox.core.fields import FieldError, wrong_place
from sandbox.core.xml import child, text

DIGITS = {"1": 9, "4": 12}  # length of the number of an old card and of a citizen identity card


def wrong_places(record: etree._Element, names: Sequence[str]) -> Iterator[FieldError]:
    """Places in Vietnam without codes, or with codes that do not exist."""
    for name in names:
        place = child(record, name)
        if place is None or text(place, "quocGia") != "VN":
            continue
        province, commune = text(place, "maTinh"), text(place, "maXa")
        if not province or not commune:
            yield FieldError("missing", f"{name}.{'maXa' if province else 'maTinh'}")
        else:
            yield from wrong_place(f"{name}.maXa", province, commune)


def wrong_papers(record: etree._Element, who: str) -> Iterator[FieldError]:
    """An identity paper without number, or whose number does not fit its kind."""
    kind, number = text(record, f"{who}LoaiGiayToTuyThan"), text(record, f"{who}SoGiayToTuyThan")
    if kind not in ("", "0") and not number:
        yield FieldError("missing", f"{who}SoGiayToTuyThan")
    if number and kind in DIGITS and not (number.isdigit() and len(number) == DIGITS[kind]):
        yield FieldError("format", f"{who}SoGiayToTuyThan", f"cần {DIGITS[kind]} chữ số")


def wrong_relation(record: etree._Element, known: Sequence[str]) -> Iterator[FieldError]:
    """A relation of the applicant that does not belong to this kind of act."""
    if text(record, "nycQuanHe") not in known:
        yield FieldError("list", "nycQuanHe")
