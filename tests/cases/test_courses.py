"""The courses that a dossier can take once it is open: what agencies decide, when, and in which order they say so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from broker.model import StepState
from sandbox.core.decisions import Verdict
from tests.cases.evidence import LEGAL, assert_once, effects, messages, portal
from tests.worlds import Stage, birth, stage, text

DAY = timedelta(days=1)
HOURS = timedelta(hours=6)


def decide(world: Stage, agency: str, **rule: Any) -> None:
    """What the agency decides about the next dossier."""
    world.sandbox.agency(agency).decisions.add(rule | {"times": 1})


def decide_by_hand(world: Stage, agency: str, code: str, verdict: Verdict) -> None:
    """A person at the agency decides about the dossier's newest message."""
    desk = world.sandbox.agency(agency).desk
    latest = desk.latest(code)
    assert latest is not None
    desk.decide(latest.key, verdict)


async def hand_in(world: Stage, code: str, message_id: str = "supplement-1") -> int:
    """The citizen hands in what was asked; the HTTP status of the answer."""
    document = f"""<SupplementRequest xmlns="urn:lienthong:1.0">
        <MessageId>{message_id}</MessageId><Code>{code}</Code>
        <Actor><OfficerId>CB000001</OfficerId><Unit>H01.001</Unit></Actor>
        <Note>Đã nộp bổ sung giấy chứng sinh</Note></SupplementRequest>"""
    response = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", document.encode())
    return response.status


async def test_state_4_before_state_3(tmp_path: Path) -> None:
    """An agency that reports its result before the states that lead to it: the portal still sees 1, 3, 7, 4 (T13)."""
    async with stage(tmp_path) as world:
        for agency in ("cutru", "bhxh", "hotich"):
            world.sandbox.agency(agency).faults.add({"fault": {"kind": "out-of-order"}})
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        told = [callback.payload for callback in world.sandbox.agency("cutru").callbacks.all()]
        assert b"DaGiaiQuyet" in told[0]
        assert_once(world, code)
        assert world.work() == []


async def test_callback_twice(tmp_path: Path) -> None:
    """A notice that comes twice is answered twice and applied once."""
    async with stage(tmp_path) as world:
        for agency in ("cutru", "bhxh"):
            world.sandbox.agency(agency).faults.add({"fault": {"kind": "duplicate-callback"}})
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert_once(world, code)
        for agency in ("cutru", "bhxh"):
            notices = world.sandbox.agency(agency).callbacks.all()
            assert all(notice.done and notice.attempts == 1 for notice in notices)
            taken = messages(world, agency, direction="in", kind="request")
            assert len(taken) == len(notices)
        assert world.work() == []


async def test_callback_with_a_wrong_signature(tmp_path: Path) -> None:
    """A notice whose signature does not hold is refused, logged, and changes nothing; the agency's next try counts."""
    async with stage(tmp_path) as world:
        for agency in ("cutru", "bhxh"):
            rule = {"match": {"contains": "DaGiaiQuyet" if agency == "cutru" else "<TRANG_THAI>05<"}}
            world.sandbox.agency(agency).faults.add(rule | {"fault": {"kind": "wrong-signature"}, "times": 1})
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        for agency in ("cutru", "bhxh"):
            assert [message.outcome for message in messages(world, agency, kind="refused")] == ["untrusted"]
            assert max(notice.attempts for notice in world.sandbox.agency(agency).callbacks.all()) == 2
        assert_once(world, code)


async def test_personal_number_three_days_late(tmp_path: Path) -> None:
    """Steps that need the child's number wait, and say for what; when it comes they go on by themselves (T5)."""
    async with stage(tmp_path) as world:
        decide(world, "hotich", outcome="late-number", polls=10**6)
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") is StepState.COMPLETED)
        await world.advance(3 * DAY, step=HOURS)
        waiting = world.dossier(code).step("residence")
        assert (waiting.state, waiting.reason) == (StepState.PLANNED, "chờ số định danh cá nhân")
        assert "chờ số định danh cá nhân" in await said(world, code)
        decide_by_hand(world, "hotich", code, Verdict("approve", number_ready=True))
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert_once(world, code)


async def said(world: Stage, code: str) -> str:
    """All texts of the status that the portal shows."""
    return " ".join(str(words) for words in (await world.status(code)).itertext())


async def test_residence_refused_while_the_card_is_granted(tmp_path: Path) -> None:
    """One refusal does not undo the rest: the dossier is partially completed, with the agency's reason."""
    async with stage(tmp_path) as world:
        decide(world, "cutru", outcome="reject", reason="Chủ hộ không đồng ý cho đăng ký")
        code = await world.submit(birth())
        states = await world.finish(code)
        assert states["residence"] is StepState.REJECTED
        assert (states["registration"], states["card"]) == (StepState.COMPLETED, StepState.COMPLETED)
        status = await world.status(code)
        assert text(status, "State") == "partially-completed"
        assert "Chủ hộ không đồng ý" in await said(world, code)
        assert effects(world, "cutru", code) == []
        assert portal(world, code, "cutru")[-1] == 6
        assert portal(world, code, "bhxh") == LEGAL


async def test_registration_rejected(tmp_path: Path) -> None:
    """Without the birth registration nothing else is sent: the other steps are cancelled, with the reason."""
    async with stage(tmp_path) as world:
        decide(world, "hotich", outcome="reject", reason="Giấy chứng sinh không hợp lệ")
        code = await world.submit(birth())
        states = await world.finish(code)
        assert states.pop("registration") is StepState.REJECTED
        assert set(states.values()) == {StepState.CANCELLED}
        for agency in ("cutru", "bhxh", "cancuoc"):
            assert world.sandbox.agency(agency).desk.records() == []
            assert messages(world, agency) == []
        assert text(await world.status(code), "State") == "rejected"


async def test_supplement_asked_and_given(tmp_path: Path) -> None:
    """What the agency wants is shown with its date; what the citizen hands in reaches it, and the course goes on."""
    async with stage(tmp_path) as world:
        decide(world, "hotich", outcome="supplement", reason="Thiếu giấy chứng sinh")
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") is StepState.SUPPLEMENT)
        status = await said(world, code)
        assert "Thiếu giấy chứng sinh" in status
        assert "2026-12-02" in status
        await world.advance(DAY, step=HOURS)
        assert await hand_in(world, code) in (200, 202)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert portal(world, code, "hotich")[:2] == [1, 2]
        assert portal(world, code, "hotich")[-3:] == [3, 7, 4]
        assert len(effects(world, "hotich", code)) == 1


async def test_supplement_given_on_the_seventh_working_day(tmp_path: Path) -> None:
    """The last moment of the seventh working day still counts."""
    async with stage(tmp_path) as world:
        decide(world, "hotich", outcome="supplement", reason="Thiếu giấy chứng sinh")
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("registration") is StepState.SUPPLEMENT)
        due = world.dossier(code).step("registration").supplement_due
        assert due is not None
        await world.advance(due - world.clock() - timedelta(minutes=5), step=DAY)
        assert await hand_in(world, code) in (200, 202)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}


async def test_supplement_not_given_by_the_seventh_working_day(tmp_path: Path) -> None:
    """On the eighth day the step is rejected with that reason, the agency is told, and a supplement comes too late."""
    async with stage(tmp_path) as world:
        decide(world, "cutru", outcome="supplement", reason="Thiếu văn bản đồng ý của chủ hộ")
        code = await world.submit(birth())
        await world.until(lambda: world.states(code).get("residence") is StepState.SUPPLEMENT)
        due = world.dossier(code).step("residence").supplement_due
        assert due is not None
        assert due.astimezone(world.hub.project.calendar.zone).date().isoformat() == "2026-12-02"
        await world.advance(due - world.clock(), step=DAY)
        assert world.states(code)["residence"] is StepState.SUPPLEMENT
        await world.advance(DAY, step=HOURS)
        residence = world.dossier(code).step("residence")
        assert (residence.state, residence.reason) == (
            StepState.REJECTED,
            "Không bổ sung hồ sơ trong thời hạn 07 ngày làm việc",
        )
        assert await hand_in(world, code) == 409
        assert messages(world, "cutru", operation="withdraw", direction="out")
        assert not [what for what in effects(world, "cutru", code) if "thường trú" in what]
        assert [item.kind for item in world.work()] == ["deadline"]
        assert world.unfinished() == []
        assert portal(world, code, "cutru")[-1] == 6
        assert text(await world.status(code), "State") == "partially-completed"


async def test_contradicting_late_report(tmp_path: Path) -> None:
    """A refusal that comes after the result changes nothing: it is in the history, and somebody has to look at it."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        await world.finish(code)
        agency = world.sandbox.agency("cutru")
        first = agency.callbacks.all()[0]
        refusal = first.payload.replace(b"DaTiepNhan", b"TuChoi").replace(b"TB-00000001", b"TB-00000099")
        refusal = refusal.replace(
            b"</ct:CanBo>",
            "</ct:CanBo><ct:PhieuTuChoi><ct:SoPhieu>9/CT06</ct:SoPhieu>"
            "<ct:LyDo>Nhầm hồ sơ</ct:LyDo></ct:PhieuTuChoi>".encode(),
        )
        agency.callbacks.add(first.key, first.operation, first.path, refusal)
        await world.settle()
        assert agency.callbacks.all()[-1].done
        assert world.states(code)["residence"] is StepState.COMPLETED
        assert [item.kind for item in world.work()] == ["contradiction"]
        assert "trong khi hồ sơ" in await said(world, code)
        assert portal(world, code, "cutru") == LEGAL


async def test_population_database_down_during_the_check(tmp_path: Path) -> None:
    """The check waits for the register: the dossier is accepted at once and opened when the register is back."""
    async with stage(tmp_path) as world:
        await world.sandbox.agency("dancu").set_down(True)
        code = await world.submit(birth())
        await world.settle()
        await world.advance(timedelta(minutes=20))
        assert world.states(code) == {}
        assert text(await world.status(code), "State") == "checking"
        await world.sandbox.agency("dancu").set_down(False)
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}


async def test_portal_down(tmp_path: Path) -> None:
    """Agencies do not wait for the portal; when it is back it hears every state, in the legal order."""
    async with stage(tmp_path) as world:
        await world.sandbox.agency("dvcqg").set_down(True)
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        assert portal(world, code, "hotich") == []
        await world.sandbox.agency("dvcqg").set_down(False)
        await world.until(lambda: not world.unfinished())
        assert_once(world, code)
