"""All that the hub has of a citizen is found by the personal number, and the number itself is nowhere in the clear."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from broker.model import StepState
from broker.store.rows import MessageFilter, MessageRow
from lienthong.demo.document import submission
from tests.cases.test_health_certificates import facilities, fetched, of_couple
from tests.worlds import Stage, birth, population, stage


def about(world: Stage, number: str | None) -> list[MessageRow]:
    """A citizen's messages, newest first."""
    assert number is not None
    page = world.hub.store.read(lambda tx: tx.messages.search(MessageFilter(person=number), limit=500))
    return list(page.items)


def kept(folder: Path) -> bytes:
    """Every byte of the hub's database and of its folder of data, as somebody with the disk has it."""
    files = [*folder.glob("hub.sqlite3*"), *(folder / "data").rglob("*")]
    return b"".join(file.read_bytes() for file in files if file.is_file())


async def test_found_from_certificate_to_result(tmp_path: Path) -> None:
    """A mother is found with the certificate that was fetched, the request that was refused, her dossier and all that
    followed; the child by the number that it got; and nobody's number can be read from the disk.
    """
    async with stage(tmp_path) as world:
        couple = population().couples()[0]
        mother, father = couple.wife.number, couple.husband.number
        yte = facilities(world)
        assert await fetched(
            world, yte.issue("birth", **of_couple(couple, world.clock() - timedelta(hours=5)))
        )
        assert {row.agency for row in about(world, mother)} == {"yte"}
        document = submission(birth(), message_id="wrong-000001", portal_code=None, officer="CB1", unit="H1")
        refused = await world.send(
            "POST", "/api/v1/dossiers", document.replace(b"<Sex>1</Sex>", b"<Sex>9</Sex>")
        )
        assert refused.status == 422
        assert "refused" in {row.kind for row in about(world, father)}
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        of_dossier = world.hub.store.read(lambda tx: tx.messages.of_dossier(code))
        assert len(of_dossier) > 20
        for number in (mother, father):
            found = {row.id for row in about(world, number)}
            assert {row.id for row in of_dossier} < found
        result = world.dossier(code).step("registration").result or b""
        given = result.split(b"PersonalNumber>")[1][:12].decode()
        assert {row.id for row in about(world, given)} == {row.id for row in of_dossier}
        disk = kept(tmp_path)
        assert code.encode() in disk
        for number in (mother, father, given):
            assert number.encode() not in disk


async def test_gone_with_the_dossier(tmp_path: Path) -> None:
    """Once a dossier is erased, nobody is found by it any more."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        await world.finish(code)
        mother = population().couples()[0].wife.number
        assert about(world, mother)
        await world.hub.retention.erase(world.dossier(code), "an", "lệnh của tòa 12/2026")
        assert about(world, mother) == []
