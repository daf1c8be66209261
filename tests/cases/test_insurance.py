"""What social insurance settles after a death, and every way in which its answers can come."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.model import CorrectionState, StepState
from lienthong.demo.death import Account, Death, Funeral, Insurance, Merit, Relative, Survivors
from sandbox.bhxh import Bhxh
from sandbox.bhxh.insured import Insured, insurance_number
from sandbox.core.decisions import Verdict
from sandbox.core.dsig import sign_two_reference
from sandbox.core.xml import parse, serialize, text
from sandbox.hotich import HoTich
from tests.cases.evidence import arrivals, effects, messages, submission
from tests.worlds import Stage, death, parent, population, stage
from tests.worlds import text as said

COMPLETED = StepState.COMPLETED
FUNERAL, SURVIVORS, PENSION = "funeral-insurance", "survivor-allowance", "pension-stop"
CASES = {
    "1": "pensioner",
    "2": "reserved",
    "3": "voluntary",
    "4": "mixed",
    "5": "waiting-age",
    "6": "monthly-survivor",
}


def insured(case: str = "2", number: int = 0, *, funeral: bool = True, **changes: Any) -> Death:
    """A death of somebody insured in that case of decision 1449/QĐ-BHXH, funeral allowance wanted by the widower."""
    plain = death(number)
    widower = parent(population().old_couples()[number].husband)
    person = Insured(insurance_number(plain.deceased.number, case))
    home = plain.registration
    pension = (person.pension_file, home) if person.pension_file else None
    made = dataclasses.replace(plain, insurance=Insurance(person.number, CASES[case], pension))
    if funeral:
        held = Funeral(date(2026, 11, 22), home, widower, "spouse")
        made = dataclasses.replace(made, funeral=held, insurance_funeral=home)
    return dataclasses.replace(made, **changes)


def lump_sum(number: int = 0, consent: str = "given-vneid") -> dict[str, Any]:
    """The lump sum for the widower and a brother, with what they say to it."""
    widower = parent(population().old_couples()[number].husband)
    brother = parent(population().old_couples()[number + 1].husband)
    relatives = [Relative(widower, "spouse", consent), Relative(brother, "sibling", consent)]
    account = Account(widower.full_name, "0011004412000", "Ngân hàng Thử nghiệm")
    return {
        "survivor": widower.residence,
        "survivors": Survivors("lump-sum", widower, relatives, account),
    }


def result(world: Stage, code: str, step: str) -> Any:
    """The result of a step."""
    stored = world.dossier(code).step(step).result
    assert stored is not None
    return parse(stored)


async def test_funeral_allowance(tmp_path: Path) -> None:
    """The decision comes back under the step that asked, with the agency's own amount and payee."""
    async with stage(tmp_path) as world:
        code = await world.submit(insured())
        states = await world.finish(code)
        assert set(states.values()) == {COMPLETED}
        assert PENSION not in states
        granted = result(world, code, FUNERAL)
        assert text(granted, "DecisionNumber") == "00001/QĐ-MTP"
        assert text(granted, "Amount") == "23400000"
        assert text(granted, "PaidTo") == parent(population().old_couples()[0].husband).full_name
        assert effects(world, "bhxh", code) == ["MAITANGPHI 00001/QĐ-MTP"]
        assert said(await world.status(code), "State") == "completed"
        assert world.work() == []


async def test_only_what_the_form_needs_goes_to_social_insurance(tmp_path: Path) -> None:
    """Decision 1449/QĐ-BHXH: the data of form 02 and the e-extract; the cause of death and the household stay away."""
    async with stage(tmp_path) as world:
        code = await world.submit(insured("1", **lump_sum()))
        await world.finish(code)
        for record in world.sandbox.agency("bhxh").desk.records(dossier=code):
            form = parse(record.data["form"].encode())
            assert "bệnh tim mạch" not in serialize(form).decode()
            assert [text(item, "LOAI_GIAYTO") for item in form.iter("TEP")] == ["KQ.G15.000034"]


async def test_pensioners_death_stops_the_pension(tmp_path: Path) -> None:
    """Nobody has to ask for it: a pension that is declared is stopped from the month after the death."""
    async with stage(tmp_path) as world:
        code = await world.submit(insured("1", funeral=False))
        states = await world.finish(code)
        assert states[PENSION] is COMPLETED
        assert text(result(world, code, PENSION), "StoppedFrom") == "2026-12-01"


async def test_four_procedures_together(tmp_path: Path) -> None:
    """Registration, residence, funeral and survivor allowance, and the pension beside: three files at one agency."""
    async with stage(tmp_path) as world:
        code = await world.submit(insured("1", **lump_sum()))
        states = await world.finish(code)
        assert set(states.values()) == {COMPLETED}
        assert {FUNERAL, SURVIVORS, PENSION} < set(states)
        assert text(result(world, code, FUNERAL), "DecisionNumber").endswith("QĐ-MTP")
        assert text(result(world, code, SURVIVORS), "DecisionNumber").endswith("QĐ-TT")
        assert text(result(world, code, PENSION), "NoticeNumber").endswith("TB-DLH")
        assert len(effects(world, "bhxh", code)) == 3
        assert world.work() == []


async def test_merit_and_insurance(tmp_path: Path) -> None:
    """A person of merit who was insured: two kinds of support from two agencies in one dossier."""
    merit = Merit("Thương binh", "1234/QĐ-UBND", date(1998, 7, 27), "Sở Nội vụ", 65)
    plain = insured()
    async with stage(tmp_path) as world:
        code = await world.submit(dataclasses.replace(plain, merit=merit, merit_funeral=plain.registration))
        states = await world.finish(code)
        assert set(states.values()) == {COMPLETED}
        assert arrivals(world, "bhxh", code) == 1
        assert [record.operation for record in world.sandbox.agency("btxh").desk.records()] == ["DongBoDVC"]
        assert {FUNERAL, "funeral-merit"} < set(states)


async def test_allowance_refused_while_the_rest_is_granted(tmp_path: Path) -> None:
    """The dossier is completed in part, with the agency's reason; the civil act and the funeral allowance stand."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("bhxh").decisions.add(
            {
                "match": {"contains": "LOAI_TROCAP"},
                "outcome": "reject",
                "reason": "Thân nhân không thuộc diện hưởng",
            }
        )
        code = await world.submit(insured("2", **lump_sum()))
        states = await world.finish(code)
        assert states.pop(SURVIVORS) is StepState.REJECTED
        assert set(states.values()) == {COMPLETED}
        status = await world.status(code)
        assert said(status, "State") == "partially-completed"
        assert "không thuộc diện hưởng" in " ".join(str(words) for words in status.itertext())


async def test_second_allowance_for_one_death(tmp_path: Path) -> None:
    """Two relatives declare the same death at once: the second is refused in words that name the first dossier."""
    async with stage(tmp_path) as world:
        first = await world.submit(insured())
        await world.finish(first)
        bhxh = world.sandbox.agency("bhxh")
        other = insured(number=1)
        with bhxh.database.transaction() as sql:
            assert other.insurance is not None
            sql.execute("UPDATE benefit SET insurance_number = ?", (other.insurance.number,))
        second = await world.submit(other)
        states = await world.finish(second)
        assert states[FUNERAL] is StepState.REJECTED
        assert f"theo hồ sơ {first}" in (world.dossier(second).step(FUNERAL).reason or "")


# ------------------------------------------------------------------ every way in which it can go


async def _valid(world: Stage) -> None:
    """It goes well."""
    code = await world.submit(insured())
    assert set((await world.finish(code)).values()) == {COMPLETED}
    assert arrivals(world, "bhxh", code) == 1


async def _invalid(world: Stage) -> None:
    """What the gateway refuses is in no register; a person is told the gateway's words (here: too long, T34)."""
    bhxh = world.sandbox.agency("bhxh")
    assert isinstance(bhxh, Bhxh)
    bhxh.max_bytes = 1000
    code = await world.submit(insured())
    states = await world.finish(code)
    assert states.pop(FUNERAL) is StepState.STUCK
    assert set(states.values()) == {COMPLETED}
    assert "quá dài" in (world.dossier(code).step(FUNERAL).reason or "")
    assert arrivals(world, "bhxh", code) == 0
    assert {item.kind for item in world.work()} == {"dead-letter", "stuck"}


async def _duplicate(world: Stage) -> None:
    """The receipt is lost, notices come twice, the file is sent again: "already received", one effect each."""
    bhxh = world.sandbox.agency("bhxh")
    bhxh.faults.add({"match": {"contains": "MAITANGPHI"}, "fault": {"kind": "accept-then-drop"}, "times": 1})
    bhxh.faults.add({"fault": {"kind": "duplicate-callback"}})
    code = await world.submit(insured("1"))
    assert set((await world.finish(code)).values()) == {COMPLETED}
    agency = world.hub.agencies["bhxh"]
    again = await agency.send(agency.encode(submission(world, code, FUNERAL)))
    receipt = parse(agency.read("submit", again, date(2026, 11, 23)))
    assert text(receipt, "Item/Outcome") == "duplicate"
    assert arrivals(world, "bhxh", code) == 3
    assert len(effects(world, "bhxh", code)) == 2


async def _late(world: Stage) -> None:
    """No word for more than ten working days: there is a new appointment, and the result still counts."""
    bhxh = world.sandbox.agency("bhxh")
    bhxh.decisions.add({"match": {"contains": "HO_TEN_NHAN"}, "outcome": "hold"})
    code = await world.submit(insured())
    await world.until(lambda: world.states(code).get(FUNERAL) is StepState.PROCESSING)
    await world.advance(timedelta(days=17), step=timedelta(hours=12))
    step = world.dossier(code).step(FUNERAL)
    assert step.missed is not None
    assert step.due is not None
    assert step.due > step.missed
    bhxh.desk.decide(f"{code}:{FUNERAL}:1", Verdict("approve"))
    assert set((await world.finish(code)).values()) == {COMPLETED}


async def _out_of_order(world: Stage) -> None:
    """The result comes before "in hand": it counts, and the older word changes nothing."""
    world.sandbox.agency("bhxh").faults.add({"fault": {"kind": "out-of-order"}})
    code = await world.submit(insured("1"))
    assert set((await world.finish(code)).values()) == {COMPLETED}
    told = [callback.payload for callback in world.sandbox.agency("bhxh").callbacks.all()]
    assert b"<TRANG_THAI>05<" in told[0]
    assert world.work() == []


async def _rejection(world: Stage) -> None:
    """The agency's refusal is the step's end, in its words."""
    world.sandbox.agency("bhxh").decisions.add({"outcome": "reject", "reason": "Không thuộc đối tượng hưởng"})
    code = await world.submit(insured())
    states = await world.finish(code)
    assert states.pop(FUNERAL) is StepState.REJECTED
    assert set(states.values()) == {COMPLETED}
    assert world.dossier(code).step(FUNERAL).reason == "Không thuộc đối tượng hưởng"
    assert effects(world, "bhxh", code) == []


async def _correction(world: Stage) -> None:
    """Civil status corrects the day of death: social insurance takes it over, and the pension ends a month earlier."""
    code = await world.submit(insured("1", funeral=False))
    await world.finish(code)
    hotich, bhxh = world.sandbox.agency("hotich"), world.sandbox.agency("bhxh")
    assert isinstance(hotich, HoTich)
    hotich.correct(f"{code}:registration:1", {"nktNgayChet/thangChet": "10"})
    await world.advance(timedelta(days=2), step=timedelta(hours=12))
    assert [row["stopped"] for row in bhxh.database.rows("SELECT stopped FROM benefit")] == ["2026-11-01"]
    assert world.dossier(code).step(PENSION).correction is CorrectionState.ACCEPTED


async def _correction_refused(world: Stage) -> None:
    """What social insurance does not take over is a person's to settle, with a date."""
    code = await world.submit(insured("1", funeral=False))
    await world.finish(code)
    hotich, bhxh = world.sandbox.agency("hotich"), world.sandbox.agency("bhxh")
    assert isinstance(hotich, HoTich)
    bhxh.decisions.add({"outcome": "reject", "reason": "Chưa đủ căn cứ đính chính", "times": 1})
    hotich.correct(f"{code}:registration:1", {"nktNgayChet/thangChet": "10"})
    await world.advance(timedelta(days=2), step=timedelta(hours=12))
    assert world.dossier(code).step(PENSION).correction is CorrectionState.REFUSED
    assert [item.due is not None for item in world.work("correction")] == [True]


WAYS = {
    "valid": _valid,
    "invalid": _invalid,
    "duplicate": _duplicate,
    "late": _late,
    "out-of-order": _out_of_order,
    "rejection": _rejection,
    "correction": _correction,
    "correction-refused": _correction_refused,
}


@pytest.mark.parametrize("way", WAYS)
async def test_ways(tmp_path: Path, way: str) -> None:
    """Valid, invalid, duplicate, late, out of order, refused, corrected: each ends as it should."""
    async with stage(tmp_path) as world:
        await WAYS[way](world)


# ------------------------------------------------------------------ who may say it


async def test_a_notice_signed_by_another_agency(tmp_path: Path) -> None:
    """What is posted as social insurance but signed by the police is refused and changes nothing (T36)."""
    async with stage(tmp_path) as world:
        bhxh, other = world.sandbox.agency("bhxh"), world.sandbox.agency("cutru")
        bhxh.decisions.add({"outcome": "hold"})
        code = await world.submit(insured())
        await world.until(lambda: world.states(code).get(FUNERAL) is StepState.PROCESSING)
        notice = bhxh.callbacks.all()[-1].payload.replace(b"<TRANG_THAI>02<", b"<TRANG_THAI>04<")
        forged = sign_two_reference(
            parse(notice), other.identity, payload="KETQUA", holder="CHUKYDONVI", at=world.clock()
        )
        async with aiohttp.ClientSession() as session:
            url, headers = f"{world.url}/agency/bhxh", {"Content-Type": "application/xml"}
            async with session.post(url, data=serialize(forged), headers=headers) as answer:
                assert answer.status >= 400
        assert world.states(code)[FUNERAL] is StepState.PROCESSING
        assert [message.outcome for message in messages(world, "bhxh", kind="refused")] == ["untrusted"]


# ------------------------------------------------------------------ our list against theirs


async def test_what_they_have_page_by_page(tmp_path: Path) -> None:
    """There is no service that tells one result (T33): their list names our keys, two a page, and ends."""
    async with stage(tmp_path) as world:
        bhxh = world.sandbox.agency("bhxh")
        assert isinstance(bhxh, Bhxh)
        bhxh.page = 2
        code = await world.submit(insured("1", **lump_sum()))
        await world.finish(code)
        agency = world.hub.agencies["bhxh"]
        keys, more, number = [], True, 1
        while more:
            query = (
                '<ListQuery xmlns="urn:lienthong:1.0"><From>2026-11-23T00:00:00+07:00</From>'
                f"<Until>2026-11-24T00:00:00+07:00</Until><Page>{number}</Page></ListQuery>"
            )
            payload = agency.payload("list", query.encode(), date(2026, 11, 23))
            delivery = dataclasses.replace(
                submission(world, code, FUNERAL), operation="list", payload=payload
            )
            page = parse(agency.read("list", await agency.send(agency.encode(delivery)), date(2026, 11, 23)))
            keys += [text(item, "Key") for item in page.iter("{*}Item")]
            more, number = text(page, "More") == "true", number + 1
        assert sorted(keys) == sorted(f"{code}:{step}:1" for step in (FUNERAL, SURVIVORS, PENSION))
        assert number == 3
