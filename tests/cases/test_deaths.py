"""Deaths from the declaration to the papers, with a whole hub and its agencies."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from broker.model import Phase, StepState
from lienthong.demo.death import Death, Funeral, LeftHousehold
from sandbox.core.desk import Record
from tests.births import changed, supplement
from tests.cases.test_courses import decide
from tests.worlds import MONDAY, Stage, death, parent, population, stage, submission, text, texts

DONE = {"registration": StepState.COMPLETED, "residence-removal": StepState.COMPLETED}


def declared(event: Death) -> bytes:
    """The portal's request."""
    return submission(event, message_id="message-x", portal_code=None, officer="CB000001", unit="H01.001")


def lived_alone(number: int = 0) -> Death:
    """The death of somebody whose household ends with them; a relative from elsewhere applies."""
    citizens = population().one_person_households()
    alone = [one for one in citizens if one.marital != "1"][number]
    person, relative = parent(alone), parent(population().couples()[number].husband)
    home = person.residence
    return death(
        deceased=person,
        sex=alone.sex,
        death_place=home,
        registration=home,
        applicant=relative,
        relation="relative",
        residence=home,
        household=LeftHousehold(person.full_name, person.number, "head", home, only_member=True),
    )


def desk(world: Stage, agency: str, code: str) -> list[Record]:
    """What the agency took in of a dossier."""
    return world.sandbox.agency(agency).desk.records(dossier=code)


async def test_deaths_as_they_happen(tmp_path: Path) -> None:
    """A plain death, a death at home that the commune certifies itself (GbtIsKhongCap), a household of one, a death
    declared late: each is registered once, then the residence is removed.
    """
    late = death(2, died="2026-10", notice=None, time=None, registration_kind="4")
    async with stage(tmp_path) as world:
        plain, home, alone, past = [
            await world.submit(event) for event in (death(), death(1, notice=None), lived_alone(), late)
        ]
        for code in (plain, home, alone, past):
            assert await world.finish(code) == DONE
            assert [len(desk(world, agency, code)) for agency in ("hotich", "cutru")] == [1, 1]
        closed = {code: list(texts(await world.status(code), "HouseholdClosed")) for code in (plain, alone)}
        assert closed == {plain: ["false"], alone: ["true"]}
        assert "gbtLoai: 0" in desk(world, "hotich", home)[0].content
        assert "NgayChet: 2026-10" in desk(world, "cutru", past)[0].content
        status = await world.status(plain)
        assert text(status, "Kind") == "KQ.G15.000034"
        assert text(status, "DeceasedPersonalNumber") == death().deceased.number
        assert world.work() == []


async def test_what_is_not_taken(tmp_path: Path) -> None:
    """A foreign element, a false kind of registration and a person who is dead already are refused in readable
    words, before anything is sent; a name that differs by one diacritic is asked about (T26), and so is a birth date:
    nothing is removed on a name alone (T8).
    """
    async with stage(tmp_path) as world:
        for path, value in (
            ("Choices/ForeignElement", "true"),
            ("Deceased/Nationality", "LA"),
            ("Choices/RegistrationKind", "4"),
            ("Applicant/PersonalNumber", death().deceased.number),
        ):
            document = changed(declared(death()), f"DeathDeclaration/{path}", value)
            response = await world.send("POST", "/api/v1/dossiers", document)
            body = await response.read()
            assert response.status == 422, path
            assert path in body.decode()
        person = death().deceased
        misspelt = dataclasses.replace(person, given=_other_tone(person.given))
        code = await world.submit(death(deceased=misspelt))
        await world.until(lambda: world.dossier(code).phase is Phase.ASKING)
        assert "Họ, chữ đệm và tên của người chết không khớp" in (world.dossier(code).reason or "")
        assert world.states(code) == {}
        correction = supplement(code, "message-c", {"Deceased/Name/Given": person.given})
        answer = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", correction)
        assert answer.status in (200, 202)
        assert await world.finish(code) == DONE
        younger = dataclasses.replace(death(1).deceased, birth_date="1999-09-09")
        other = await world.submit(death(1, deceased=younger))
        await world.until(lambda: world.dossier(other).phase is Phase.ASKING)
        assert "Ngày sinh của người chết không khớp" in (world.dossier(other).reason or "")
        assert desk(world, "hotich", other) == desk(world, "cutru", other) == []


def _other_tone(given: str) -> str:
    """The name with one diacritic more or less."""
    tones = dict(zip("aăâeêioôơuưyáàạéèẹíìọòóúùýỳ", "áắấéếíóốớúứýàáảèéẻìíỏóòùúỳý", strict=False))
    for position, letter in enumerate(given):
        if letter in tones:
            return given[:position] + tones[letter] + given[position + 1 :]
    return given + "h"


async def test_a_second_death_of_one_person(tmp_path: Path) -> None:
    """Civil status refuses it in readable words; a person at the hub has it on the desk, and nothing else is sent."""
    async with stage(tmp_path) as world:
        first = await world.submit(death())
        assert await world.finish(first) == DONE
        second = await world.submit(death())
        await world.until(lambda: world.states(second).get("registration") is StepState.STUCK)
        reason = world.dossier(second).step("registration").reason or ""
        assert "đã được đăng ký khai tử" in reason
        assert world.states(second)["residence-removal"] is StepState.PLANNED
        assert {item.dossier_id for item in world.work()} == {world.dossier(second).id}


async def test_refusals(tmp_path: Path) -> None:
    """A refused registration ends the whole: nothing else is sent. A refused removal leaves the registration as it
    is: partly completed.
    """
    async with stage(tmp_path) as world:
        decide(world, "hotich", outcome="reject", reason="Chưa có căn cứ xác nhận việc chết")
        code = await world.submit(death())
        assert await world.finish(code) == {
            "registration": StepState.REJECTED,
            "residence-removal": StepState.CANCELLED,
        }
        assert desk(world, "cutru", code) == []
        decide(world, "cutru", outcome="reject", reason="Hộ khẩu đang có tranh chấp")
        code = await world.submit(death(1))
        assert await world.finish(code) == DONE | {"residence-removal": StepState.REJECTED}
        status = await world.status(code)
        assert text(status, "State") == "partially-completed"
        assert "Hộ khẩu đang có tranh chấp" in " ".join(str(words) for words in status.itertext())


async def test_the_paper_is_renamed(tmp_path: Path) -> None:
    """From 2027-03-01 the extract is a certificate of death, by the day of receipt and registration."""
    at = datetime(2027, 3, 1, 2, tzinfo=UTC)
    async with stage(tmp_path, at) as world:
        event = death(died="2027-02-27", notice=None)
        code = await world.submit(event)
        assert await world.finish(code) == DONE
        dossier = world.dossier(code)
        rules = world.hub.book.engine(dossier).rules
        assert (rules.id, rules.step("registration").paper.vi) == ("nd301-2027", "Giấy chứng tử")  # type: ignore[union-attr]
        paper = world.hub.blobs.read(text(_result(world, code), "SHA256"))
        assert "GIẤY CHỨNG TỬ".encode("utf-16-be").hex().upper().encode() in paper


def _result(world: Stage, code: str) -> bytes:
    result = world.dossier(code).step("registration").result
    assert result is not None
    return result


async def test_three_procedures(tmp_path: Path) -> None:
    """Registration, removal and funeral support of social protection in parallel; the whole is due with the longest."""
    widower, home = death().applicant, death().registration
    funeral = Funeral(date(2026, 11, 22), home, widower, "spouse")
    async with stage(tmp_path) as world:
        short = world.dossier(await world.submit(death(1)))
        code = await world.submit(death(protection_funeral=home, funeral=funeral))
        assert short.due is not None
        assert world.dossier(code).due == _working_days_later(world, 6)
        assert short.due == _working_days_later(world, 3)
        assert await world.finish(code) == DONE | {"funeral-protection": StepState.COMPLETED}


def _working_days_later(world: Stage, days: int) -> Any:
    """The end of the working day so many working days after Monday."""
    return world.hub.project.calendar.add_working_days(MONDAY, days)


async def test_a_death_is_corrected_after_the_residence_was_removed(tmp_path: Path) -> None:
    """The police are told what the register of deaths says now, and accept it (T7)."""
    async with stage(tmp_path) as world:
        code = await world.submit(death())
        assert await world.finish(code) == DONE
        key = desk(world, "hotich", code)[0].key
        world.sandbox.agency("hotich").correct(key, {"nktNguyenNhanChet": "Đột quỵ"})
        police = world.sandbox.agency("cutru")

        def corrected() -> bool:
            return any(
                "Đính chính" in effect for effect in police.desk.effects(desk(world, "cutru", code)[0].key)
            )

        await world.advance(timedelta(days=1), step=timedelta(hours=2))
        await world.until(corrected, within=timedelta(hours=6))
        assert text(_result(world, code), "Cause") == "Đột quỵ"
