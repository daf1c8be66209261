"""The register of residence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.core.database import Database
from sandbox.core.xml import parse
from sandbox.cutru import register
from sandbox.cutru.register import Register, is_removal
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import generate

NS = "urn:bca:cutru:ct01:1.0"


def removal(citizen: Citizen, *, head: str | None = None, only: str = "false") -> etree._Element:
    """The fields of a removal that the register looks at."""
    place = citizen.residence
    return parse(
        f'<ToKhaiXoaThuongTru xmlns="{NS}"><HoTen>{citizen.full_name.upper()}</HoTen>'
        f"<SoDinhDanh>{citizen.number}</SoDinhDanh>"
        f"<ChuHo><SoDinhDanh>{head or citizen.head}</SoDinhDanh></ChuHo><HoMotNguoi>{only}</HoMotNguoi>"
        f"<NoiThuongTru><MaXa>{place.commune}</MaXa></NoiThuongTru></ToKhaiXoaThuongTru>".encode()
    )


@pytest.fixture
def book(tmp_path: Path) -> Register:
    """The register before anything happened."""
    database = Database(tmp_path / "r.db", register.SCHEMA)
    return Register(database, ManualClock(datetime(2026, 11, 23, tzinfo=UTC)))


def fields(book: Register, form: etree._Element) -> list[str]:
    """The fields that the register does not accept."""
    return [error.field for error in book.errors(form)]


def test_a_resident_is_removed_once(book: Register) -> None:
    """The second settling does nothing; a second removal of the same person is refused."""
    couple = generate().old_couples()[0]
    form = removal(couple.wife)
    assert is_removal(form)
    assert fields(book, form) == []
    assert book.settle("D1", form)[1] == "Xóa đăng ký thường trú"
    assert book.settle("D1", form)[1] is None
    assert not book.closed("D1")
    assert fields(book, form) == ["SoDinhDanh"]


def test_the_last_member_ends_the_household(book: Register) -> None:
    """Who lived alone, and whoever is left when the others are gone."""
    alone = generate().one_person_households()[0]
    assert book.settle("D1", removal(alone, only="true"))[1] == "Xóa đăng ký thường trú, hộ chấm dứt"
    couple = generate().old_couples()[0]
    book.settle("D2", removal(couple.wife))
    book.settle("D3", removal(couple.husband))
    assert [book.closed(dossier) for dossier in ("D1", "D2", "D3")] == [True, False, True]


def test_nothing_is_removed_on_a_name_alone(book: Register) -> None:
    """Number, name, household and place must all agree with the register."""
    wife, other = (couple.wife for couple in generate().old_couples()[:2])
    assert fields(book, removal(wife, head=other.head)) == ["ChuHo.SoDinhDanh"]
    assert fields(book, removal(wife, only="true")) == ["HoMotNguoi"]
    for path, value, field in (
        ("HoTen", "TRẦN THỊ KHÁC", "HoTen"),
        ("SoDinhDanh", "001999999999", "SoDinhDanh"),
        ("NoiThuongTru/MaXa", "99999", "NoiThuongTru.MaXa"),
    ):
        form = removal(wife)
        form.find("/".join(f"{{{NS}}}{name}" for name in path.split("/"))).text = value  # type: ignore[union-attr]
        assert fields(book, form) == [field]
