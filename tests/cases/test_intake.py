"""What a portal sends twice, wrongly or late, and how it finds a dossier again."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from broker.model import Phase
from broker.store.rows import MessageFilter
from lienthong.demo.document import submission
from tests.births import changed, withdrawal
from tests.worlds import Stage, birth, stage, text, texts


def _document(message_id: str) -> bytes:
    return submission(birth(), message_id=message_id, portal_code=None, officer="CB000001", unit="H01.001")


def _refused(world: Stage) -> list[str]:
    """Outcomes of the refused messages in the log."""
    page = world.hub.store.read(lambda tx: tx.messages.search(MessageFilter(direction="in", kind="refused")))
    return [message.outcome for message in page.items]


async def test_same_submission_twice(tmp_path: Path) -> None:
    """The same message again gives the first answer again, and there is one dossier (T31)."""
    async with stage(tmp_path) as world:
        first = await world.post(birth(), message_id="message-twice")
        one = await first.read()
        world.clock.advance(minutes=5)
        second = await world.post(birth(), message_id="message-twice")
        again = await second.read()
        assert (first.status, second.status) == (202, 200)
        assert (text(one, "Duplicate"), text(again, "Duplicate")) == ("false", "true")
        for name in ("DossierCode", "ReceivedAt", "Due"):
            assert text(one, name) == text(again, name)
        await world.finish(text(one, "DossierCode"))
        assert len(world.sandbox.agency("hotich").desk.records()) == 1


async def test_same_message_id_for_other_content(tmp_path: Path) -> None:
    """A message id that was used for other content is a conflict, recorded, and changes nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(), message_id="message-twice")
        other = await world.post(birth(1), message_id="message-twice")
        body = await other.read()
        assert other.status == 409
        assert text(body, "Field") == "MessageId"
        assert _refused(world) == ["conflict"]
        assert world.dossier(code).phase is Phase.CHECKING


async def test_portal_code_of_another_dossier(tmp_path: Path) -> None:
    """A portal code names one dossier: a second declaration under it is a conflict at that field."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(), portal_code="P-000123")
        other = await world.post(birth(1), portal_code="P-000123")
        assert other.status == 409
        assert text(await other.read(), "Field") == "PortalCode"
        assert text(await world.status("P-000123"), "DossierCode") == code


@pytest.mark.parametrize(
    ("path", "value"),
    [("Choices/ForeignElement", "true"), ("Father/Nationality", "LA")],
    ids=["said", "parent"],
)
async def test_foreign_element(tmp_path: Path, path: str, value: str) -> None:
    """A birth with a foreign element is told, in two languages, that it is outside the linked procedure."""
    async with stage(tmp_path) as world:
        document = changed(_document("foreign-element"), f"BirthDeclaration/{path}", value)
        answer = await world.send("POST", "/api/v1/dossiers", document)
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == path
        assert "yếu tố nước ngoài không thuộc thủ tục liên thông" in text(body, "Vi")
        assert "outside the linked procedure" in text(body, "En")
        assert _refused(world) == ["invalid"]


async def test_status_by_any_code(tmp_path: Path) -> None:
    """The hub's code, the portal's, each agency's and the child's personal number all find the dossier (T9)."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth(), portal_code="G22.99.08-261123-0001")
        await world.finish(code)
        status = await world.status(code)
        number = text(status, "PersonalNumber")
        agencies = list(texts(status, "AgencyCode"))
        assert len(agencies) >= 2
        for known in ("G22.99.08-261123-0001", number, *agencies):
            assert text(await world.status(known), "DossierCode") == code, known


async def test_status_says_who_holds_it(tmp_path: Path) -> None:
    """Every step says in which state it is, who holds it, since when and until when, and how it got there."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("cutru").decisions.add({"outcome": "hold"})
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("card") == "completed")
        status = await world.status(code)
        assert text(status, "State") == "processing"
        steps = {text(step, "Id"): step for step in status.iterfind("{*}Step")}
        assert text(steps["residence"], "Holder").startswith("Hệ thống đăng ký, quản lý cư trú")
        assert text(steps["card"], "Holder").startswith("Đã kết thúc")
        for step in steps.values():
            since, due = (datetime.fromisoformat(text(step, name)) for name in ("Since", "Due"))
            assert since <= world.clock() < due
            (*before, last) = [text(line, "State") for line in step.iterfind("{*}Transition")]
            assert before[0] == "sending"
            assert last == text(step, "State")


async def test_dossier_of_somebody_else(tmp_path: Path) -> None:
    """A code that nobody knows, and a call without a key, learn nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        assert (await world.send("GET", "/api/v1/dossiers/G22.99.08-000000-9999")).status == 404
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"{world.url}/api/v1/dossiers/{code}")
            assert answer.status == 401
            assert code not in await answer.text()


async def test_withdrawn_before_sending(tmp_path: Path) -> None:
    """Taken back while the register is asked: nothing is sent, and the answer of the register opens nothing."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        answer = await world.send(
            "POST", f"/api/v1/dossiers/{code}/withdrawal", withdrawal(code, "take-it-back")
        )
        assert answer.status == 202, await answer.text()
        await world.settle()
        assert text(await world.status(code), "State") == "withdrawn"
        assert world.dossier(code).steps == ()
        assert world.sandbox.agency("hotich").desk.records() == []
        again = await world.send(
            "POST", f"/api/v1/dossiers/{code}/withdrawal", withdrawal(code, "take-it-back")
        )
        assert again.status == 200
        assert text(await again.read(), "Duplicate") == "true"
        assert world.unfinished() == []


async def test_withdrawn_after_sending(tmp_path: Path) -> None:
    """Taken back while an agency has it: the agency is told, what waited is cancelled, what is settled stands."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("cutru").decisions.add({"outcome": "hold"})
        code = await world.submit(birth(identity_card=None))
        await world.until(lambda: world.states(code).get("card") == "completed")
        answer = await world.send(
            "POST", f"/api/v1/dossiers/{code}/withdrawal", withdrawal(code, "take-it-back")
        )
        assert answer.status == 202, await answer.text()
        states = await world.finish(code)
        assert states["residence"] == "withdrawn"
        assert states["registration"] == states["card"] == "completed"
        told = [record.operation for record in world.sandbox.agency("cutru").desk.records(dossier=code)]
        assert told == ["TiepNhanToKhai", "RutToKhai"]
        assert text(await world.status(code), "State") == "partially-completed"


async def test_withdrawn_at_the_registrar(tmp_path: Path) -> None:
    """Taken back while civil status has it: the other steps are cancelled and never sent."""
    async with stage(tmp_path) as world:
        world.sandbox.agency("hotich").decisions.add({"outcome": "hold"})
        code = await world.submit(birth())
        await world.settle()
        await world.send("POST", f"/api/v1/dossiers/{code}/withdrawal", withdrawal(code, "take-it-back"))
        states = await world.finish(code)
        assert states.pop("registration") == "withdrawn"
        assert set(states.values()) == {"cancelled"}
        for name in ("cutru", "bhxh", "cancuoc"):
            assert world.sandbox.agency(name).desk.records() == []
        assert world.unfinished() == []


async def test_withdrawn_too_late(tmp_path: Path) -> None:
    """What is settled cannot be taken back, and the refusal says so."""
    async with stage(tmp_path) as world:
        code = await world.submit(dataclasses.replace(birth(), residence=None, head=None))
        await world.finish(code)
        answer = await world.send(
            "POST", f"/api/v1/dossiers/{code}/withdrawal", withdrawal(code, "take-it-back")
        )
        assert answer.status == 409
        assert "đã giải quyết xong" in text(await answer.read(), "Vi")
        assert text(await world.status(code), "State") == "completed"
