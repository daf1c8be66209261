"""What the results of births and deaths are made of: copied fields, and the paper as a PDF."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from lxml import etree

from sandbox.core.places import address
from sandbox.core.readable import local
from sandbox.core.xml import child, copy_of
from sandbox.hotich.certificate import certificate
from sandbox.hotich.register import Entry

SHORTER = {f"{who}SoGiayToTuyThan": f"{who}SoGiayTo" for who in ("me", "cha", "nyc", "nkt")}


def copy(record: etree._Element, target: etree._Element, *names: str) -> None:
    """Append those of the named children that are there, in the order of the names."""
    for name in names:
        item = child(record, name)
        if item is not None:
            copied = copy_of(item)
            copied.tag = SHORTER.get(name, name)
            target.append(copied)


def unit_name(unit: str) -> str:
    """The registering authority's name."""
    return f"Ủy ban nhân dân {address('', unit)}"


def encoded(title: str, unit: str, entry: Entry, lines: Sequence[str]) -> str:
    """The paper in base64."""
    framed = [
        f"Số {entry.number}, quyển {entry.book}, trang {entry.page}",
        *lines,
        f"Đăng ký tại {unit_name(unit)} ngày {local(entry.registered, '%d/%m/%Y')}",
        "BẢN MÔ PHỎNG, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ / SIMULATED, WITHOUT LEGAL VALUE",
    ]
    return b64encode(certificate(title, framed)).decode()
