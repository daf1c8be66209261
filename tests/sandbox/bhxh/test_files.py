"""Several files of one dossier, over the gateway's real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.bhxh import Bhxh
from sandbox.core.decisions import Verdict
from sandbox.core.xml import parse, text

if TYPE_CHECKING:
    Client = Any
    Hub = Any

CODE = "G22.99.08-261123-000001"
STEPS = {"MTP": "funeral-insurance", "TT": "survivor-allowance", "DLH": "pension-stop"}
PAPER = (
    "<DS_TEP><TEP><LOAI_GIAYTO>09HSB</LOAI_GIAYTO><TEN_TEP>mau-09-hsb.pdf</TEN_TEP>"
    "<SHA256>2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae</SHA256><DULIEU>Zm9v</DULIEU>"
    "</TEP></DS_TEP>"
)


def change(root: etree._Element, tag: str, value: str) -> etree._Element:
    """The document with another text everywhere under a tag."""
    for place in root.iter(tag):
        place.text = value
    return root


def follow_up(tags: tuple[str, str], kind: str, key: str, body: str, end: str = "") -> etree._Element:
    """What follows the file of a kind."""
    root, payload = tags
    return parse(
        f'<{root}><{payload} Id="Id-{key}"><MA_GD_DOITAC>{key}</MA_GD_DOITAC><MA_HSLT>{CODE}</MA_HSLT>'
        f"<LOAI_HS>{kind}</LOAI_HS>{body}<NGAY_LAP>20261123121000</NGAY_LAP>{end}</{payload}><CHUKYDONVI/></{root}>".encode()
    )


def supplement(kind: str, key: str = "s1", paper: str = PAPER) -> etree._Element:
    """Papers for a file."""
    return follow_up(("HSDLBS", "BOSUNG"), kind, key, "<NOI_DUNG>Gửi bổ sung</NOI_DUNG>", paper)


def correction(kind: str, key: str = "c1", name: str = "Đỗ Thị Lụa", more: str = "") -> etree._Element:
    """A corrected civil act."""
    body = f"<HO_TEN>{name}</HO_TEN>{more}<SO_HT>58</SO_HT><QUYEN_HT>01/2026</QUYEN_HT><NGAY_HT>20261123</NGAY_HT>"
    return follow_up(("HSDLDC", "DINHCHINH"), kind, key, body)


def told(hub: Hub, kind: str) -> list[str]:
    """States told about the file of a kind."""
    return [text(root[0], "TRANG_THAI") for root in hub.got if text(root[0], "LOAI_HS") == kind]


async def test_three_files_of_one_dossier(
    client: Client, agency: Bhxh, hub: Hub, deaths: dict[str, etree._Element]
) -> None:
    """Each is taken in, settled and told apart, with the key under which it came."""
    for kind, root in deaths.items():
        receipt = await client.send(root, kind)
        assert (text(receipt, "MaKetQua"), text(receipt, "MaGDDoiTac")) == ("200", f"{CODE}:{STEPS[kind]}:1")
    await agency.tick()
    for kind, step in STEPS.items():
        assert told(hub, kind) == ["02", "05"]
        keys = {text(root[0], "MA_GD_DOITAC") for root in hub.got if text(root[0], "LOAI_HS") == kind}
        assert keys == {f"{CODE}:{step}:1"}
        assert len(agency.desk.effects(f"{CODE}:{step}:1")) == 1
    assert all(agency.documents.errors(root) == [] == agency.documents.field_errors(root) for root in hub.got)


async def test_a_second_submission_of_a_kind(
    client: Client, agency: Bhxh, deaths: dict[str, etree._Element]
) -> None:
    """The same file under another key is there already; another kind of the dossier is not."""
    first = await client.send(deaths["MTP"], "MTP")
    again = await client.send(change(deaths["MTP"], "MA_GD_DOITAC", f"{CODE}:funeral-insurance:2"), "MTP")
    other = await client.send(deaths["DLH"], "DLH")
    assert [text(receipt, "MaKetQua") for receipt in (first, again, other)] == ["200", "210", "200"]
    assert text(again, "MaGD") == text(first, "MaGD")
    assert "đã được tiếp nhận" in text(again, "MoTa")
    assert [record.operation for record in agency.desk.records()] == ["MTP", "DLH"]


async def test_an_objection_reaches_one_file_only(
    client: Client, agency: Bhxh, hub: Hub, deaths: dict[str, etree._Element]
) -> None:
    """The survivor allowance is refused by a relative; the rest is granted."""
    await client.send(deaths["MTP"], "MTP")
    await client.send(change(deaths["TT"], "Y_KIEN", "3"), "TT")
    await agency.tick()
    assert (told(hub, "MTP"), told(hub, "TT")) == (["02", "05"], ["02", "04"])
    assert [row["kind"] for row in agency.database.rows("SELECT kind FROM benefit")] == ["MTP"]


async def test_consents_that_are_missing(
    client: Client, agency: Bhxh, hub: Hub, clock: ManualClock, deaths: dict[str, etree._Element]
) -> None:
    """The lump sum waits for form 09-HSB; words without it do not help; the result has the first key."""
    await client.send(change(deaths["TT"], "Y_KIEN", "0"), "TT")
    await agency.tick()
    assert told(hub, "TT") == ["02", "03"]
    assert text(hub.got[-1][0], "HAN_BOSUNG") == "20261202"
    assert text(await client.send(supplement("TT", "s1", ""), "BS"), "MaKetQua") == "200"
    await agency.tick()
    assert told(hub, "TT") == ["02", "03", "02", "03"]
    assert text(await client.send(supplement("TT", "s2"), "BS"), "MaKetQua") == "200"
    await agency.tick()
    assert told(hub, "TT")[-2:] == ["02", "05"]
    assert text(hub.got[-1][0], "MA_GD_DOITAC") == f"{CODE}:survivor-allowance:1"


async def test_consents_that_never_come(
    client: Client, agency: Bhxh, hub: Hub, clock: ManualClock, deaths: dict[str, etree._Element]
) -> None:
    """After seven working days the file is refused."""
    await client.send(change(deaths["TT"], "Y_KIEN", "0"), "TT")
    await agency.tick()
    clock.advance(days=12)
    await agency.tick()
    assert told(hub, "TT") == ["02", "03", "04"]


async def test_an_officer_goes_before_every_objection(
    client: Client, agency: Bhxh, hub: Hub, deaths: dict[str, etree._Element]
) -> None:
    """What a person approves is granted."""
    await client.send(change(deaths["TT"], "Y_KIEN", "0"), "TT")
    agency.desk.decide(f"{CODE}:survivor-allowance:1", Verdict("approve"))
    await agency.tick()
    assert told(hub, "TT") == ["02", "05"]


async def test_what_follows_names_its_file(
    client: Client, agency: Bhxh, deaths: dict[str, etree._Element]
) -> None:
    """A supplement to a kind that the dossier does not have, or that asked for nothing, is refused."""
    await client.send(deaths["MTP"], "MTP")
    for kind in ("MTP", "TT"):
        receipt = await client.send(supplement(kind, f"s-{kind}"), "BS")
        assert text(receipt, "MaKetQua") == "1005"


async def test_correction_of_a_pension_that_was_stopped(
    client: Client, agency: Bhxh, hub: Hub, deaths: dict[str, etree._Element]
) -> None:
    """Another day of death is taken over, once however often it comes, and nothing is told by call-back."""
    await client.send(deaths["DLH"], "DLH")
    await agency.tick()
    before = len(hub.got)
    message = correction("DLH", more="<NGAY_CHET>20261031</NGAY_CHET>")
    first, again = await client.send(message, "DC"), await client.send(message, "DC")
    await agency.tick()
    assert [text(receipt, "MaKetQua") for receipt in (first, again)] == ["200", "210"]
    assert agency.desk.effects("c1") == ["Đính chính DUNGLUONGHUU của Đỗ Thị Lụa"]
    assert agency.database.rows("SELECT stopped FROM benefit")[0]["stopped"] == "2026-11-01"
    assert len(hub.got) == before


async def test_correction_of_a_card(client: Client, agency: Bhxh, hub: Hub, form: etree._Element) -> None:
    """Name, number and birth date of a child whose card was issued; the card keeps its number."""
    await client.send(form)
    await agency.tick()
    card = agency.cards.find(CODE)
    more = "<SO_DDCN>001326123457</SO_DDCN><NGAY_SINH>20261119</NGAY_SINH>"
    receipt = await client.send(correction("TK1", name="Nguyễn Thị Ngọc Thùy", more=more), "DC")
    corrected = agency.cards.find(CODE)
    assert text(receipt, "MaKetQua") == "200"
    assert card is not None
    assert corrected is not None
    assert (corrected.number, f"{corrected.born:%Y%m%d}") == (card.number, "20261119")
    assert agency.cards.of_child("001326123457") == CODE
    assert agency.desk.effects("c1") == ["Đính chính thẻ BHYT của Nguyễn Thị Ngọc Thùy"]


async def test_correction_before_the_card(
    client: Client, agency: Bhxh, hub: Hub, form: etree._Element
) -> None:
    """A file that is still in hand is settled as corrected."""
    agency.decisions.add({"outcome": "hold"})
    await client.send(form)
    await client.send(correction("TK1", name="Nguyễn Thị Ngọc Thùy"), "DC")
    agency.desk.decide(f"{CODE}/insurance/1", Verdict("approve"))
    await agency.tick()
    assert text(hub.got[-1][0], "HO_TEN") == "Nguyễn Thị Ngọc Thùy"
    assert hub.states == ["02", "05"]


@pytest.mark.parametrize("by_rule", [True, False])
async def test_correction_that_is_not_accepted(
    client: Client, agency: Bhxh, form: etree._Element, by_rule: bool
) -> None:
    """An officer's refusal, or the number of a child who has a card: code 1006, again and again the same."""
    await client.send(form)
    other = change(
        change(parse(etree.tostring(form)), "MA_GD_DOITAC", "k2"), "MA_HSLT", "G22.99.08-261123-000002"
    )
    await client.send(change(other, "SO_DDCN", "001326123999"))
    await agency.tick()
    if by_rule:
        agency.decisions.add({"outcome": "reject", "reason": "Chưa đủ căn cứ đính chính", "times": 1})
    message = correction("TK1", more="" if by_rule else "<SO_DDCN>001326123999</SO_DDCN>")
    receipts = [await client.send(message, "DC") for _ in range(2)]
    assert [text(receipt, "MaKetQua") for receipt in receipts] == ["1006", "1006"]
    assert ("Chưa đủ căn cứ" if by_rule else "đã có thẻ") in text(receipts[0], "MoTa")
    assert agency.cards.of_child("001326123456") == CODE
    assert agency.desk.effects("c1") == []


async def test_correction_of_a_closed_file(
    client: Client, agency: Bhxh, deaths: dict[str, etree._Element]
) -> None:
    """What was refused cannot be corrected."""
    await client.send(change(deaths["TT"], "Y_KIEN", "3"), "TT")
    assert text(await client.send(correction("TT"), "DC"), "MaKetQua") == "1005"


async def test_token_of_another_unit(client: Client, agency: Bhxh, deaths: dict[str, etree._Element]) -> None:
    """A form of one unit sent with the token of another is refused: nothing is filed under the wrong unit (T36)."""
    assert await client.login("mat-khau-khac", "tinh-khac") == 200
    assert text(await client.send(deaths["MTP"], "MTP"), "MaKetQua") == "401"
    assert agency.desk.records() == []
