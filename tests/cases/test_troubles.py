"""Troubles that people met with the systems of before, where no other test has occasion to show them.

``docs/troubles.md`` names for every known trouble the test that shows what becomes of it here.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

from lxml import etree

from broker.model import StepState
from lienthong.demo.document import Head, consent
from lienthong.demo.document import submission as declared
from sandbox.dancu.citizen import Citizen
from signing.xml import parse
from tests.births import changed
from tests.cases.evidence import LEGAL, assert_once, effects, portal, submission
from tests.cases.test_insurance import FUNERAL, SURVIVORS, insured, lump_sum
from tests.worlds import birth, death, parent, population, stage, text

HOUR = timedelta(hours=1)
AGENCIES = ("cutru", "bhxh", "cancuoc")


def written(event: object, message_id: str = "message-x") -> bytes:
    """The portal's request."""
    return declared(event, message_id=message_id, portal_code=None, officer="CB000001", unit="H01.001")  # type: ignore[arg-type]  # a birth or a death


def without(document: bytes, path: str) -> bytes:
    """The request without the element at a path of local names."""
    root = etree.fromstring(document)  # noqa: TID251 - the test's own reading
    element = root.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    assert element is not None
    parent_ = element.getparent()
    assert parent_ is not None
    parent_.remove(element)
    return etree.tostring(root)


async def test_agencies_away_for_twelve_hours(tmp_path: Path) -> None:
    """Three agencies are away overnight: nobody types anything by hand, each gets the dossier once afterwards (T15)."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        for agency in AGENCIES:
            await world.sandbox.agency(agency).set_down(True)
        await world.until(lambda: world.states(code)["registration"] is StepState.COMPLETED)
        await world.advance(12 * HOUR, step=HOUR)
        sent = [submission(world, code, step) for step in ("residence", "card", "identity-card")]
        assert {one.error_class for one in sent} == {"unavailable"}
        assert all(5 < one.attempts < 100 for one in sent)
        assert world.work("dead-letter") == []
        for agency in AGENCIES:
            await world.sandbox.agency(agency).set_down(False)
        assert set((await world.finish(code, within=4 * HOUR)).values()) == {StepState.COMPLETED}
        assert_once(world, code)
        assert world.unfinished() == []


async def test_a_residence_that_nobody_knows(tmp_path: Path) -> None:
    """Unknown is said as unknown: civil status gets the code for it and no address that somebody made up (T21)."""
    request = without(written(birth()), "BirthDeclaration/Father/Residence")
    request = changed(request, "BirthDeclaration/Father/ResidenceKind", "unknown")
    async with stage(tmp_path) as world:
        response = await world.send("POST", "/api/v1/dossiers", request)
        body = await response.read()
        assert response.status in (200, 202), body.decode()
        code = text(body, "DossierCode")
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        (record,) = world.sandbox.agency("hotich").desk.records(dossier=code)
        assert "<chaLoaiCuTru>0<" in record.data["record"]
        assert "chaNoiCuTru" not in record.data["record"]
        assert "Không có thông tin" not in record.data["record"]


def matrilineal() -> tuple[Citizen, Citizen]:
    """Wife and husband of a household whose head is the wife."""
    return next(
        (couple.wife, couple.husband)
        for couple in population().couples()
        if couple.wife.head == couple.wife.number
    )


async def test_the_head_of_the_household_is_never_guessed(tmp_path: Path) -> None:
    """Without a head nothing is taken; where the mother is head of the household, the police hear of her (T27)."""
    wife, husband = matrilineal()
    mother, father, home = parent(wife), parent(husband), parent(wife).residence
    event = birth(
        mother=mother,
        father=father,
        applicant=mother,
        residence=home,
        head=Head(mother.full_name, mother.number),
    )
    async with stage(tmp_path) as world:
        nobody = without(written(event), "BirthDeclaration/Household/HeadName")
        response = await world.send("POST", "/api/v1/dossiers", nobody)
        assert response.status == 422
        assert "Household" in (await response.read()).decode()
        code = await world.submit(event)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        (record,) = world.sandbox.agency("cutru").desk.records(dossier=code)
        head = parse(record.data["form"].encode()).find("{*}ChuHo")
        assert head is not None
        assert text(head, "HoTen") == mother.full_name.upper()


async def test_beneficiary_groups_that_exclude_each_other(tmp_path: Path) -> None:
    """Social protection and emergency support cannot both be wanted: said at the field, before anything is sent."""
    plain = death()
    event = dataclasses.replace(
        insured(funeral=True),
        insurance=None,
        insurance_funeral=None,
        protection_funeral=plain.registration,
        emergency_funeral=plain.registration,
    )
    async with stage(tmp_path) as world:
        response = await world.send("POST", "/api/v1/dossiers", written(event))
        body = (await response.read()).decode()
        assert response.status == 422
        assert "Choices/EmergencyFuneralOffice" in body
        assert "hỗ trợ" in body.casefold()


async def test_consents_that_are_incomplete(tmp_path: Path) -> None:
    """The lump sum waits for the relatives while everything else goes on; the last one agrees, and it is granted."""
    wanted = lump_sum(consent="pending")
    async with stage(tmp_path) as world:
        code = await world.submit(insured("2", **wanted))
        await world.until(lambda: world.states(code).get(FUNERAL) is StepState.COMPLETED)
        waiting = world.dossier(code).step(SURVIVORS)
        assert waiting.state is StepState.PLANNED
        relatives = [one.person.number for one in wanted["survivors"].relatives]
        for place, number in enumerate(relatives):
            assert world.states(code)[SURVIVORS] is StepState.PLANNED
            said = consent(
                code, message_id=f"consent-{place:03d}", officer="CB000001", unit="H01.001", number=number
            )
            answer = await world.send("POST", f"/api/v1/dossiers/{code}/consents", said)
            assert answer.status == 202, (await answer.read()).decode()
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert len(effects(world, "bhxh", code)) == 2
        assert portal(world, code, "cutru") == LEGAL
