"""The population check of a declaration, end to end: what goes on, what is asked, what is refused."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

from lxml import etree

from broker.model import Phase
from broker.store.rows import MessageFilter
from lienthong.demo.document import submission
from tests.births import changed, declared_by_father, supplement
from tests.worlds import Stage, birth, stage, text


def _verdicts(status: etree._Element) -> dict[tuple[str, str], str]:
    """(person, field) → verdict, as the portal reads it."""
    return {
        (text(check, "Person"), text(check, "Field")): text(check, "Verdict")
        for check in status.iterfind("{*}Check")
    }


def _heard(world: Stage) -> list[str]:
    """Agencies that a dossier reached."""
    return [
        name for name in ("hotich", "cutru", "bhxh", "cancuoc") if world.sandbox.agency(name).desk.records()
    ]


async def test_name_differs_by_one_diacritic(tmp_path: Path) -> None:
    """Nhàn typed as Nhãn: told which field, never what the register holds, and corrected, it completes (T26)."""
    declared = declared_by_father()
    assert declared.mother is not None
    right = declared.mother.given
    assert right == "Nhàn"
    wrong = dataclasses.replace(declared, mother=dataclasses.replace(declared.mother, given="Nhãn"))
    async with stage(tmp_path) as world:
        code = await world.submit(wrong)
        await world.settle()
        status = await world.status(code)
        assert text(status, "State") == "supplement"
        assert text(status, "What").startswith("Họ, chữ đệm và tên của mẹ không khớp")
        (missing,) = status.iterfind("{*}Missing")
        assert text(missing, "Field") == "Mother/Name"
        assert text(missing, "Due")
        verdicts = _verdicts(status)
        assert verdicts["Mother", "Name"] == "differs"
        assert {one for one, verdict in verdicts.items() if verdict == "differs"} == {("Mother", "Name")}
        assert right.encode() not in etree.tostring(status, encoding="UTF-8")
        assert _heard(world) == []
        answer = await world.send(
            "POST",
            f"/api/v1/dossiers/{code}/supplements",
            supplement(code, "name-corrected", {"Mother/Name/Given": right}),
        )
        assert answer.status == 202, await answer.text()
        assert set((await world.finish(code)).values()) == {"completed"}
        assert set(_verdicts(await world.status(code)).values()) == {"match"}
        assert world.work() == []


async def test_correction_that_is_wrong_again(tmp_path: Path) -> None:
    """A correction is checked like the declaration: still wrong, the citizen is asked again."""
    declared = declared_by_father()
    assert declared.mother is not None
    wrong = dataclasses.replace(declared, mother=dataclasses.replace(declared.mother, given="Nhãn"))
    async with stage(tmp_path) as world:
        code = await world.submit(wrong)
        await world.settle()
        path = f"/api/v1/dossiers/{code}/supplements"
        await world.send("POST", path, supplement(code, "wrong-again", {"Mother/Name/Given": "Nhân"}))
        await world.settle()
        assert world.dossier(code).phase is Phase.ASKING
        answer = await world.send("POST", path, supplement(code, "no-such-field", {"Mother/Name/Nick": "N"}))
        assert answer.status == 422
        assert text(await answer.read(), "Field") == "Correction[1]/Field"


async def test_correction_not_given(tmp_path: Path) -> None:
    """What the citizen does not settle by the end of the seventh working day is refused, with the reason."""
    declared = declared_by_father()
    assert declared.mother is not None
    wrong = dataclasses.replace(declared, mother=dataclasses.replace(declared.mother, given="Nhãn"))
    async with stage(tmp_path) as world:
        code = await world.submit(wrong)
        await world.settle()
        due = world.dossier(code).due
        assert due is not None
        await world.advance(due - world.clock(), step=timedelta(days=1))
        assert world.dossier(code).phase is Phase.ASKING
        await world.advance(timedelta(seconds=1))
        status = await world.status(code)
        assert text(status, "State") == "rejected"
        assert "7" in text(status, "Reason")
        assert _heard(world) == []


async def test_tone_placement_is_no_difference(tmp_path: Path) -> None:
    """Thuỷ and Thủy are one name in two spellings: nobody is asked, though the register compares literally."""
    declared = declared_by_father(46)
    assert declared.mother is not None
    assert declared.mother.given == "Thủy"
    other = dataclasses.replace(declared, mother=dataclasses.replace(declared.mother, given="Thuỷ"))
    async with stage(tmp_path) as world:
        code = await world.submit(other)
        assert set((await world.finish(code)).values()) == {"completed"}
        assert _verdicts(await world.status(code))["Mother", "Name"] == "match"


async def test_thirteen_digits(tmp_path: Path) -> None:
    """A number of thirteen digits is refused at once, at its field, in two languages, and logged (T17)."""
    number = birth().applicant.number + "7"
    document = submission(
        birth(), message_id="thirteen-digits", portal_code=None, officer="CB000001", unit="H01.001"
    )
    async with stage(tmp_path) as world:
        answer = await world.send(
            "POST", "/api/v1/dossiers", changed(document, "BirthDeclaration/Mother/PersonalNumber", number)
        )
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == "Mother/PersonalNumber"
        assert "12" in text(body, "Vi")
        assert "12" in text(body, "En")
        assert number not in body.decode()
        (refused,) = world.hub.store.read(
            lambda tx: tx.messages.search(MessageFilter(direction="in", kind="refused"))
        ).items
        assert (refused.agency, refused.operation, refused.outcome) == ("dvcqg", "SubmitRequest", "invalid")
        assert world.hub.store.read(lambda tx: tx.messages.body(refused.id)).count(number.encode()) == 1
        await world.settle()
        assert world.sandbox.agency("dancu").desk.records() == []


async def test_applicant_unknown_to_the_register(tmp_path: Path) -> None:
    """An applicant whose number the register does not know is refused with the reason, and no agency hears of it."""
    plain = birth()
    stranger = dataclasses.replace(plain.applicant, number="001199999999", birth_date="1971-02-03")
    async with stage(tmp_path) as world:
        code = await world.submit(dataclasses.replace(plain, applicant=stranger, relation="relative"))
        await world.settle()
        status = await world.status(code)
        assert text(status, "State") == "rejected"
        assert text(status, "Reason").startswith("Số định danh cá nhân của người yêu cầu không khớp")
        assert _heard(world) == []
        answer = await world.send(
            "POST",
            f"/api/v1/dossiers/{code}/supplements",
            supplement(code, "too-late-now", {"Applicant/Phone": "0912345678"}),
        )
        assert answer.status == 409
