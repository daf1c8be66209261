"""What people declare: each kind of birth, and each choice, ends with exactly the results that were asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from broker.model import Phase
from sandbox import Agency
from tests.births import foundling, mother_only, supplement, two_provinces
from tests.worlds import Stage, birth, stage, text, texts

ALL = {"registration", "residence", "card", "identity-card"}


async def _completed(world: Stage, code: str) -> set[str]:
    """The steps of a dossier that must end with nothing but results, and nothing left to do."""
    states = await world.finish(code)
    assert set(states.values()) == {"completed"}, states
    assert world.unfinished() == []
    assert world.work() == []
    return set(states)


def _received(agency: Agency, code: str) -> str:
    """What the agency read of the dossier's submission."""
    (record,) = agency.desk.records(dossier=code)
    return record.content


async def test_mother_only(tmp_path: Path) -> None:
    """A child whose father is not determined is registered, housed and insured with the mother alone."""
    async with stage(tmp_path) as world:
        code = await world.submit(mother_only())
        assert await _completed(world, code) == ALL
        (record,) = world.sandbox.agency("hotich").desk.records(dossier=code)
        assert "nksLoaiKhaiSinh>3<" in record.data["record"]
        assert "chaHoTen" not in record.data["record"]
        checks = set(texts(await world.status(code), "Person"))
        assert "Father" not in checks
        assert "Mother" in checks


async def test_foundling(tmp_path: Path) -> None:
    """An abandoned child has no parents: the guardian applies, and the child joins the guardian's household."""
    async with stage(tmp_path) as world:
        code = await world.submit(foundling())
        assert await _completed(world, code) == ALL
        assert set(texts(await world.status(code), "Person")) == {"Applicant", "Head"}


async def test_twins(tmp_path: Path) -> None:
    """Two dossiers of one mother and one day, told apart by the order of birth, both complete (T6)."""
    async with stage(tmp_path) as world:
        names = ("An", "Bình")
        codes = [
            await world.submit(birth(sibling=order, name=("Trịnh", "Minh", name)))
            for order, name in enumerate(names, 1)
        ]
        numbers = set()
        for code in codes:
            assert await _completed(world, code) == ALL
            numbers.add(text(await world.status(code), "PersonalNumber"))
        assert len(numbers) == 2


async def test_same_child_declared_twice(tmp_path: Path) -> None:
    """One child in two messages: civil status suspects a duplicate, and its reason can be read in the status (T6)."""
    async with stage(tmp_path) as world:
        first = await world.submit(birth())
        await _completed(world, first)
        second = await world.submit(birth())
        assert second != first
        await world.settle()
        status = await world.status(second)
        assert text(status, "State") == "stuck"
        assert any(f"Nghi trùng hồ sơ {first}" in reason for reason in texts(status, "Reason"))
        assert {item.kind for item in world.work()} == {"dead-letter", "stuck"}
        assert len(world.sandbox.agency("hotich").desk.records()) == 1


async def test_child_without_a_name(tmp_path: Path) -> None:
    """A child who has no name yet: the citizen is asked for it at once, and with it the dossier completes."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(name=None))
        await world.settle()
        status = await world.status(code)
        assert text(status, "State") == "supplement"
        assert "tên" in text(status, "What")
        assert world.dossier(code).phase is Phase.ASKING
        given = {"Child/Name/Family": "Trịnh", "Child/Name/Middle": "Minh", "Child/Name/Given": "Khuê"}
        answer = await world.send(
            "POST", f"/api/v1/dossiers/{code}/supplements", supplement(code, "name-is-given", given)
        )
        assert answer.status == 202, await answer.text()
        assert await _completed(world, code) == ALL
        assert "Khuê" in _received(world.sandbox.agency("hotich"), code)


async def test_parents_in_two_provinces(tmp_path: Path) -> None:
    """Registration and identity card in the mother's province, residence and insurance in the father's (T12)."""
    declared = two_provinces()
    assert declared.residence is not None
    async with stage(tmp_path) as world:
        code = await world.submit(declared)
        assert await _completed(world, code) == ALL
        assert declared.registration.commune in _received(world.sandbox.agency("hotich"), code)
        for name in ("cutru", "bhxh"):
            assert declared.residence.commune in _received(world.sandbox.agency(name), code), name


async def test_residence_not_wanted(tmp_path: Path) -> None:
    """Who wants no residence gets the other results, and the residence police hears nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(residence=None, head=None))
        assert await _completed(world, code) == ALL - {"residence"}
        assert world.sandbox.agency("cutru").desk.records() == []


async def test_health_card_not_wanted(tmp_path: Path) -> None:
    """Who wants no health-insurance card gets the other results, and social insurance hears nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(insurance=None))
        assert await _completed(world, code) == ALL - {"card"}
        assert world.sandbox.agency("bhxh").desk.records() == []


async def test_identity_card_not_wanted(tmp_path: Path) -> None:
    """Who wants no identity card gets the other results, and the identity-card office hears nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(identity_card=None))
        assert await _completed(world, code) == ALL - {"identity-card"}
        assert world.sandbox.agency("cancuoc").desk.records() == []


async def test_registration_alone_is_not_linked(tmp_path: Path) -> None:
    """A declaration that wants nothing beside the registration is told to be filed for registration alone."""
    async with stage(tmp_path) as world:
        alone = dataclasses.replace(birth(), residence=None, head=None, insurance=None, identity_card=None)
        answer = await world.post(alone)
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == "Choices"
