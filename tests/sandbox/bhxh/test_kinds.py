"""What officers object to, grant and correct, by kind of file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from sandbox.bhxh.answers import result
from sandbox.bhxh.benefit import SCHEMA, Benefits
from sandbox.bhxh.kinds import FuneralKind, Kind, PensionKind, SurvivorKind
from sandbox.core.database import Database
from sandbox.core.xml import parse, text

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples"
DOSSIER = "G22.99.08-261123-000001"
HEAD = {"MA_TB": "TB1", "MA_GD": "B-1", "MA_GD_DOITAC": "k", "MA_HSLT": DOSSIER}


@pytest.fixture
def kinds(tmp_path: Path) -> Iterator[dict[str, Kind]]:
    """The kinds of the death group over an empty register."""
    database = Database(tmp_path / "b.db", SCHEMA)
    benefits = Benefits(database, lambda: NOW)
    yield {kind.code: kind(benefits) for kind in (FuneralKind, SurvivorKind, PensionKind)}
    database.close()


def sample(kind: str, **changes: str) -> etree._Element:
    """The payload of a sample with other texts; in TT of every relative."""
    form = parse((SAMPLES / f"{kind.lower()}.xml").read_bytes())[0]
    for name, value in changes.items():
        for place in form.iter(name):
            place.text = value
    return form


def settled(kind: Kind, form: etree._Element, dossier: str = DOSSIER) -> etree._Element:
    """The payload of the notice by which a file is settled."""
    root = result("1", {**HEAD, "LOAI_HS": kind.code}, "05", NOW)
    kind.settle(root, dossier, form)
    return root[0]


@pytest.mark.parametrize("code", ["MTP", "TT", "DLH"])
def test_good_files(kinds: dict[str, Kind], code: str) -> None:
    """Nothing is wrong with the samples and nobody objects."""
    assert kinds[code].errors(sample(code), date(2026, 11, 23)) == []
    assert kinds[code].objection(sample(code), DOSSIER, False) is None


@pytest.mark.parametrize(
    ("code", "changes", "state", "words"),
    [
        ("MTP", {"MA_BHXH": "0180001239"}, "04", "không có trong cơ sở dữ liệu"),
        ("MTP", {"MA_BHXH": "0180001241"}, "04", "không phải của người chết"),
        ("MTP", {"TRUONG_HOP": "3"}, "04", "Không đúng trường hợp kê khai: người chết đang hưởng lương hưu"),
        ("DLH", {"SO_HOSO_HUONG": "LH1"}, "04", "Không có hồ sơ hưởng"),
        ("DLH", {"MA_BHXH": "0180001232", "TRUONG_HOP": "2"}, "04", "Không có hồ sơ hưởng"),
        ("TT", {"Y_KIEN": "3"}, "04", "không đồng ý hưởng trợ cấp một lần: Trịnh Văn Đạt"),
        ("TT", {"Y_KIEN": "0"}, "03", "Chưa có ý kiến của thân nhân"),
        ("TT", {"LOAI_GIAYTO": "KHAC"}, "03", "Thiếu Mẫu 09-HSB"),
        ("TT", {"LOAI_TROCAP": "2", "CAN_GIAMDINH": "1"}, "03", "biên bản giám định"),
    ],
)
def test_objections(
    kinds: dict[str, Kind], code: str, changes: dict[str, str], state: str, words: str
) -> None:
    """What does not fit is refused with the reason; what is missing is asked for."""
    objection = kinds[code].objection(sample(code, **changes), DOSSIER, False)
    assert objection is not None
    assert objection.state == state
    assert words in objection.words


@pytest.mark.parametrize(
    "changes", [{"Y_KIEN": "0"}, {"LOAI_GIAYTO": "KHAC"}, {"LOAI_TROCAP": "2", "CAN_GIAMDINH": "1"}]
)
def test_what_was_asked_for_and_came(kinds: dict[str, Kind], changes: dict[str, str]) -> None:
    """With the papers that were missing nobody objects."""
    assert kinds["TT"].objection(sample("TT", **changes), DOSSIER, True) is None


@pytest.mark.parametrize("code", ["MTP", "TT", "DLH"])
def test_nothing_is_granted_twice(kinds: dict[str, Kind], code: str) -> None:
    """A second dossier for the same deceased is refused and named; the first stays good."""
    settled(kinds[code], sample(code), "G22.99.08-261120-000009")
    objection = kinds[code].objection(sample(code), DOSSIER, False)
    assert objection is not None
    assert "theo hồ sơ G22.99.08-261120-000009" in objection.words
    assert kinds[code].objection(sample(code), "G22.99.08-261120-000009", False) is None


def test_an_allowance_says_what_is_paid_to_whom(kinds: dict[str, Kind]) -> None:
    """Decision, day, amount; the organisation that held the funeral goes before the person."""
    form = sample("MTP")
    place = etree.Element("TO_CHUC")
    place.text = "Trung tâm Bảo trợ Thử nghiệm"
    form.append(place)
    said = settled(kinds["MTP"], form)
    assert (text(said, "SO_QD"), text(said, "NGAY_QD")) == ("00001/QĐ-MTP", "20261123")
    assert (text(said, "SO_TIEN"), text(said, "NGUOI_NHAN")) == ("23400000", "Trung tâm Bảo trợ Thử nghiệm")
    monthly = settled(kinds["TT"], sample("TT", LOAI_TROCAP="2"))
    assert text(monthly, "SO_TIEN") == str(3 * 1_170_000)


@pytest.mark.parametrize(
    ("died", "stopped"),
    [
        ("20261118", "20261201"),
        ("20261031", "20261101"),
        ("20261231", "20270101"),
        ("202610", "20261101"),
        ("2026", "20261201"),
    ],
)
def test_a_pension_ends_with_the_month_of_death(kinds: dict[str, Kind], died: str, stopped: str) -> None:
    """Paid through that month; without one, through the month of the registration."""
    assert text(settled(kinds["DLH"], sample("DLH", NGAY_CHET=died)), "DUNG_TU_NGAY") == stopped


def test_a_transfer_needs_an_account(kinds: dict[str, Kind]) -> None:
    """Each part that is missing is named."""
    form = sample("TT", HINHTHUC_NHAN="2")
    found = kinds["TT"].errors(form, date(2026, 11, 23))
    assert [error.field for error in found] == ["CHU_TK", "SO_TK", "NGAN_HANG"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"NGAY_CHET": "20260230"}, "NGAY_CHET"),
        ({"NGAY_CHET": "202612"}, "NGAY_CHET"),
        ({"NGAY_KT": "20261124"}, "NGAY_KT"),
        ({"MAXA_KT": "99999"}, "MAXA_KT"),
        ({"MAXA": "99999"}, "MAXA"),
        ({"DULIEU": "AAAA"}, "TEP"),
        ({"DULIEU": ""}, "DS_TEP"),
    ],
)
def test_wrong_fields(kinds: dict[str, Kind], changes: dict[str, str], field: str) -> None:
    """Days that are none or to come, places that do not exist, an extract that is missing or spoilt."""
    assert kinds["TT"].errors(sample("TT", **changes), date(2026, 11, 23))[0].field == field


def test_corrections_reach_what_was_granted(kinds: dict[str, Kind]) -> None:
    """Another day of death, another day on which the pension ends; before a decision there is nothing to change."""
    kind = kinds["DLH"]
    assert kind.correct(DOSSIER, sample("DLH")) is None
    settled(kind, sample("DLH"))
    assert (
        kind.correct(DOSSIER, sample("DLH", NGAY_CHET="20261031")) == "Đính chính DUNGLUONGHUU của Đỗ Thị Lụa"
    )
    assert text(settled(kind, sample("DLH")), "DUNG_TU_NGAY") == "20261101"
