"""The population database over SOAP."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from sandbox import ManualClock
from sandbox.core import wss
from sandbox.core.dsig import BadSignature
from sandbox.core.schema import schema
from sandbox.core.soap import SOAP11
from sandbox.core.xml import text
from sandbox.dancu import Citizen, DanCu

KIN = "http://gtel.vn/qldc"


def who(person: Citizen) -> tuple[str, str, str]:
    """What must be known of a person for a look-up."""
    return person.number, person.full_name.upper(), person.birth


def fault_text(answer: etree._Element | None) -> str:
    """The words of a SOAP fault."""
    assert answer is not None
    return answer.findtext(".//faultstring") or ""


async def test_look_up_returns_the_record(client: Any, dancu: DanCu, ask: Any) -> None:
    """With number, name and date of birth exact, the answer is the citizen with spouse and household head."""
    couple = dancu.population.couples()[0]
    answer = await client.ask(ask("TraCuuThongTinCongDan", *who(couple.wife)))
    assert answer.get("SoCongDan") == "1"
    assert text(answer, "CongDan/VoChong/SoDinhDanh") == couple.husband.number
    assert text(answer, "CongDan/ThuongTru/MaPhuongXa") == couple.wife.residence.commune
    assert text(answer, "CongDan/ChuHo/SoDinhDanh") == couple.wife.head


async def test_every_answer_keeps_the_contract(client: Any, dancu: DanCu, ask: Any) -> None:
    """Records of all kinds of people are valid against the published schema."""
    result = schema(dancu.contract_folder / "dancu-ketqua.xsd")
    for position, person in enumerate(dancu.population.people[::7]):
        answer = await client.ask(ask("TraCuuThongTinCongDan", *who(person), request=f"Y-{position}"))
        assert answer.get("SoCongDan") == "1", person
        assert result.errors(answer) == []


@pytest.mark.parametrize("change", ["diacritic", "year only", "number"])
async def test_anything_inexact_is_not_found(client: Any, dancu: DanCu, ask: Any, change: str) -> None:
    """One wrong diacritic, a date that is less exact, or another's number: no record, and no hint why."""
    person = next(
        item for item in dancu.population.people if "Ị" in item.full_name.upper() and len(item.birth) > 4
    )
    number, name, birth = who(person)
    if change == "diacritic":
        name = name.replace("Ị", "I", 1)
    elif change == "year only":
        birth = birth[:4]
    else:
        number = dancu.population.people[-1].number
    answer = await client.ask(ask("TraCuuThongTinCongDan", number, name, birth))
    assert (answer.get("SoCongDan"), len(answer)) == ("0", 0)


async def test_old_identity_card_finds_the_same_person(client: Any, dancu: DanCu, ask: Any) -> None:
    """Nine digits are looked up as an old card."""
    person = next(item for item in dancu.population.people if item.old_number)
    answer = await client.ask(ask("TraCuuThongTinCongDan", person.old_number, *who(person)[1:]))
    assert text(answer, "CongDan/SoDinhDanh") == person.number


async def test_whole_name_may_stand_in_the_given_name(client: Any, dancu: DanCu, ask: Any) -> None:
    """For some citizens Ho and ChuDem are empty and Ten has everything: readers must cope."""
    person = dancu.population.lumped()[0]
    answer = await client.ask(ask("TraCuuThongTinCongDan", *who(person)))
    name = next(answer.iter("{*}HoVaTen"))
    assert [item.text or "" for item in name] == ["", "", person.full_name.upper()]


async def test_year_of_birth_stays_a_year(client: Any, dancu: DanCu, ask: Any) -> None:
    """A person of whom only the year is known is found by it, and the answer has no invented day."""
    person = dancu.population.year_only()[0]
    answer = await client.ask(ask("TraCuuThongTinCongDan", *who(person)))
    assert text(answer, "CongDan/NgayThangNamSinh/Nam") == person.birth


@pytest.mark.parametrize(
    ("name", "birth", "result"),
    [(True, False, "1"), (False, True, "1"), (True, True, "1"), ("KHÔNG PHẢI TÊN", False, "0")],
)
async def test_confirmation_takes_any_of_name_and_date(
    client: Any, dancu: DanCu, ask: Any, name: bool | str, birth: bool, result: str
) -> None:
    """The number goes with the name, the date, or both; the answer is yes or no."""
    person = dancu.population.people[0]
    given = name if isinstance(name, str) else person.full_name.upper() if name else ""
    answer = await client.ask(
        ask("XacThucThongTinCongDan", person.number, given, person.birth if birth else "")
    )
    assert text(answer, "KetQua") == result


async def test_confirmation_of_a_bare_number_is_a_fault(client: Any, dancu: DanCu, ask: Any) -> None:
    """A number alone would be a way to fish for numbers."""
    status, answer = await client.post(ask("XacThucThongTinCongDan", dancu.population.people[0].number))
    assert (status, "a name or a date" in fault_text(answer)) == (500, True)


@pytest.mark.parametrize(
    ("relation", "result"), [("CON", "1"), ("CHA", "0"), ("CUNG_HO", "1"), ("VO_CHONG", "0")]
)
async def test_kinship(client: Any, dancu: DanCu, relation: str, result: str) -> None:
    """The register says whether a relationship holds, by number and name of both."""
    people = dancu.population
    child = next(item for item in people.people if item.father)
    father = people.by_number[child.father or ""]
    answer = await client.ask(
        f'<XacMinhThongTinNhanThan xmlns="{KIN}"><MaYeuCau>N-1</MaYeuCau><MaDVC>VPCP</MaDVC>'
        "<MaCanBo>cb</MaCanBo>"
        f"<SoDinhDanh>{father.number}</SoDinhDanh><HoVaTen>{father.full_name.upper()}</HoVaTen><QuanHe>{relation}</QuanHe>"
        f"<SoDinhDanhNhanThan>{child.number}</SoDinhDanhNhanThan><HoVaTenNhanThan>{child.full_name.upper()}"
        "</HoVaTenNhanThan></XacMinhThongTinNhanThan>".encode()
    )
    assert text(answer, "KetQua") == result


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("X-Road-Client", "VN/GOV/OTHER", 403),
        ("ApiKey", "wrong", 401),
        ("Authorization", "Basic bm86bm8=", 401),
        ("Timestamp", "1", 401),
        ("Timestamp", None, 401),
        ("Content-Type", "application/json", 415),
    ],
)
async def test_wrong_transport_headers(
    client: Any, dancu: DanCu, ask: Any, header: str, value: str | None, status: int
) -> None:
    """Client, key, digest and time are all needed, and nothing is looked up without them."""
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    given, _ = await client.post(question, **{header: value})
    assert (given, dancu.register.lookups()) == (status, [])


@pytest.mark.parametrize("action", [None, '"urn:other"'])
async def test_soap_action_must_be_empty(client: Any, dancu: DanCu, ask: Any, action: str | None) -> None:
    """SOAP 1.1 wants the header, the contract wants it empty."""
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    status, answer = await client.post(question, SOAPAction=action)
    assert (status, "SOAPAction" in fault_text(answer)) == (500, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<MaCanBo>cb.hoa</MaCanBo>", b""),
        (b"<MaDVC>G15-2.002621</MaDVC>", b""),
        (b"<MaTichHop>037</MaTichHop>", b"<MaTichHop>999</MaTichHop>"),
        (
            b"<MaYeuCau>Y-1</MaYeuCau><MaDVC>G15-2.002621</MaDVC>",
            b"<MaDVC>G15-2.002621</MaDVC><MaYeuCau>Y-1</MaYeuCau>",
        ),
    ],
)
async def test_contract_is_enforced(client: Any, dancu: DanCu, ask: Any, old: bytes, new: bytes) -> None:
    """Officer, purpose and known codes are compulsory, in the contract's order; otherwise a Client fault."""
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    assert old in question
    status, answer = await client.post(question.replace(old, new))
    assert status == 500
    assert answer.findtext(".//faultcode") == "soap:Client"


async def test_every_look_up_is_attributable(client: Any, dancu: DanCu, ask: Any) -> None:
    """Officer and purpose of each look-up can be read afterwards, also if nothing was found."""
    await client.ask(ask("TraCuuThongTinCongDan", "001099000000", "KHÔNG AI", "1999", officer="cb.lan"))
    url = client.url.replace("/soap", "/_control/lookups")
    async with client.session.get(url) as answer:
        (kept,) = await answer.json()
    assert (kept["ma_can_bo"], kept["ma_dvc"], kept["ket_qua"]) == ("cb.lan", "G15-2.002621", 0)


async def test_same_request_again_is_answered_again(client: Any, dancu: DanCu, ask: Any) -> None:
    """A sender that got no answer may repeat itself; the audit counts it."""
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    first, second = await client.ask(question), await client.ask(question)
    assert etree.tostring(first) == etree.tostring(second)
    assert dancu.register.lookups()[0]["so_lan"] == 2


async def test_request_id_belongs_to_one_question(client: Any, dancu: DanCu, ask: Any) -> None:
    """The same id with another question is a fault."""
    one, other = dancu.population.people[:2]
    await client.ask(ask("TraCuuThongTinCongDan", *who(one)))
    status, answer = await client.post(ask("TraCuuThongTinCongDan", *who(other)))
    assert (status, answer.findtext(".//faultcode")) == (500, "code:TrungMaYeuCau")


async def test_signed_request_gets_a_signed_answer(
    client: Any, dancu: DanCu, ask: Any, clock: ManualClock
) -> None:
    """A WS-Security signature is verified, and the answer carries the agency's own."""
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    status, answer = await client.post(question, signed=True)
    assert status == 200
    wss.verify(answer, SOAP11, dancu.identity.certificate, clock())


async def test_stranger_signature_is_refused(client: Any, dancu: DanCu, ask: Any) -> None:
    """Only the hub's certificate is trusted."""
    client.key = dancu.identity
    status, answer = await client.post(
        ask("TraCuuThongTinCongDan", *who(dancu.population.people[0])), signed=True
    )
    assert (status, answer.findtext(".//faultcode")) == (500, "code:FailedCheck")


async def test_wsdl_points_at_the_running_server(client: Any, dancu: DanCu) -> None:
    """The published contract can be used as it is: address and schema locations are this server's."""
    async with client.session.get(client.url + "?wsdl") as answer:
        published = await answer.text()
    assert f'location="{client.url}"' in published
    async with client.session.get(client.url + "?xsd=dancu.xsd") as answer:
        assert answer.status == 200


async def test_wrong_signature_fault(client: Any, dancu: DanCu, ask: Any, clock: ManualClock) -> None:
    """On demand the answer's signature is spoilt."""
    dancu.faults.add({"fault": {"kind": "wrong-signature"}, "match": {"operation": "TraCuuThongTinCongDan"}})
    question = ask("TraCuuThongTinCongDan", *who(dancu.population.people[0]))
    _, answer = await client.post(question, signed=True)
    with pytest.raises(BadSignature):
        wss.verify(answer, SOAP11, dancu.identity.certificate, clock())
