"""What is asked of a dossier that is there: supplement, withdraw, consent, resume, hand over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.errors import Unavailable
from broker.canonical import build
from broker.canonical.document import as_bytes, as_tree, find, tag, text_at
from broker.canonical.read import is_duplicate
from broker.errors import Conflict, Invalid, NotFound
from broker.model import Phase, Problem, StepState
from tests.broker.canonical.samples import declaration, drop, put
from tests.broker.rig import (
    PORTAL,
    Rig,
    completed,
    correction,
    item,
    record,
    report,
    request,
    submission,
    supplement,
    withdrawal,
)


async def asked(rig: Rig) -> str:
    """A dossier of which civil status wants a supplement."""
    code = await rig.opened()
    want = item(code, StepState.SUPPLEMENT, reason="Thiếu giấy", due="2026-09-24")
    rig.agencies["hotich"].script.append(report(want))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert rig.state(code, "registration") is StepState.SUPPLEMENT
    return code


async def test_supplement_and_again(rig: Rig) -> None:
    """A supplement reaches the agency once; its repetition gets the first answer, also after the agency has it."""
    code = await asked(rig)
    first = await rig.hub.requests.supplement(PORTAL, supplement(code))
    await rig.settle()
    assert rig.state(code, "registration") is StepState.RECEIVED
    again = await rig.hub.requests.supplement(PORTAL, supplement(code))
    assert (is_duplicate(first), is_duplicate(again)) == (False, True)
    assert rig.agencies["hotich"].count("supplement") == 1
    with pytest.raises(Conflict):
        await rig.hub.requests.supplement(PORTAL, supplement(code, "supplement-2"))


async def test_withdrawal_and_again(rig: Rig) -> None:
    """A withdrawal reaches the agency once; its repetition gets the first answer."""
    code = await rig.opened()
    await rig.hub.requests.withdraw(PORTAL, withdrawal(code))
    await rig.settle()
    assert is_duplicate(await rig.hub.requests.withdraw(PORTAL, withdrawal(code)))
    assert rig.state(code, "registration") is StepState.WITHDRAWN
    assert rig.state(code, "residence") is StepState.CANCELLED
    with pytest.raises(Conflict):
        await rig.hub.requests.withdraw(PORTAL, withdrawal(code, "withdrawal-2"))


async def test_withdrawn_while_checking(rig: Rig) -> None:
    """A dossier that is withdrawn during the check is never opened, whatever the register answers."""
    code = await rig.submit()
    await rig.hub.requests.withdraw(PORTAL, withdrawal(code))
    await rig.settle()
    assert rig.dossier(code).phase is Phase.WITHDRAWN
    assert rig.dossier(code).steps == ()


async def test_somebody_elses_dossier(rig: Rig) -> None:
    """A dossier that is not the caller's, or nobody's, is not found."""
    with pytest.raises(NotFound):
        await rig.hub.requests.withdraw(PORTAL, withdrawal("G22.99.08-260915-000099"))


async def test_correction(rig: Rig) -> None:
    """What the register contradicts is asked of the citizen; the correction is checked again as a whole."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    code = await rig.opened()
    assert rig.dossier(code).phase is Phase.ASKING
    await rig.hub.requests.supplement(PORTAL, correction(code, "Mother/Name/Given", "Mây"))
    await rig.settle()
    dossier = rig.dossier(code)
    assert (dossier.phase, dossier.version) == (Phase.OPEN, 2)
    assert "Mây" in dossier.declaration.decode()


async def test_only_what_was_asked(rig: Rig) -> None:
    """While the mother's record is in question nothing of the child can be changed along with it."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    code = await rig.opened()
    asked_of = {problem.field for problem in await problems(rig, code)}
    assert not any((field or "").startswith("Child/") for field in asked_of)
    with pytest.raises(Invalid) as caught:
        await rig.hub.requests.supplement(PORTAL, correction(code, "Child/Name/Given", "Hoa"))
    assert [problem.field for problem in caught.value.problems] == ["Correction[1]/Field"]


async def problems(rig: Rig, code: str) -> list[Problem]:
    """What the hub asks of the citizen, as the status shows it."""
    status = as_tree(await rig.hub.standing.status(PORTAL, build.status_request(code)))
    found = [one for one in status if one.tag == tag("Missing")]
    return [Problem(text_at(one, "Field"), text_at(one, "What") or "", "") for one in found]


async def test_two_corrections_at_once(rig: Rig) -> None:
    """Of two corrections to one declaration the second is told to look again."""
    rig.agencies["dancu"].script += [record(found=False)] * 6
    code = await rig.opened()
    ways = [correction(code, "Mother/Name/Given", name, f"correction-{name}") for name in ("Mo", "My")]
    found = await asyncio.gather(
        *(rig.hub.requests.supplement(PORTAL, way) for way in ways), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in found) == ["Conflict", "bytes"]


async def test_only_the_step_that_asked(rig: Rig) -> None:
    """A supplement for a step whose agency asks for nothing is a problem at the step."""
    code = await asked(rig)
    named = supplement(code).replace(b"</Actor>", b"</Actor><Step>%s</Step>")
    with pytest.raises(Invalid) as caught:
        await rig.hub.requests.supplement(PORTAL, named % b"residence")
    assert [problem.field for problem in caught.value.problems] == ["Step"]
    await rig.hub.requests.supplement(PORTAL, named % b"registration")
    await rig.settle()
    assert rig.agencies["hotich"].count("supplement") == 1


def paper(sha256: str, replaces: str = "") -> bytes:
    """One attachment of a supplement, in place of another."""
    replaced = f"<Replaces>{replaces}</Replaces>" if replaces else ""
    return (
        "<Attachments><Attachment><Kind>other</Kind><FileName>a.pdf</FileName><MediaType>application/pdf</MediaType>"
        f"<Size>10</Size><SHA256>{sha256}</SHA256>{replaced}</Attachment></Attachments>"
    ).encode()


async def test_a_paper_that_replaces_another(rig: Rig) -> None:
    """T24: every version stays; the replaced one is marked, cancelled at the agency, and sent to nobody later."""
    first, second = "2c" * 32, "3d" * 32
    for sha256 in (first, second):
        rig.hub.store.write_sync(lambda tx, name=sha256: tx.blobs.add(name, 10, "application/pdf"))
    code = await asked(rig)
    await rig.hub.requests.supplement(PORTAL, with_paper(supplement(code), paper(first)))
    await rig.settle()
    rig.agencies["hotich"].script.append(report(item(code, StepState.SUPPLEMENT, reason="Ảnh mờ")))
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    missing = with_paper(supplement(code, "supplement-2"), paper(second, "4e" * 32))
    with pytest.raises(Invalid) as caught:
        await rig.hub.requests.supplement(PORTAL, missing)
    assert [problem.field for problem in caught.value.problems] == ["Attachments/Attachment[1]/Replaces"]
    await rig.hub.requests.supplement(
        PORTAL, with_paper(supplement(code, "supplement-3"), paper(second, first))
    )
    await rig.settle()
    kept = find(as_tree(rig.dossier(code).declaration), "Attachments")
    assert kept is not None
    marks = {text_at(one, "SHA256"): text_at(one, "Superseded") for one in kept}
    assert (marks[first], marks[second]) == ("true", None)
    sent = as_tree([wire.body for wire in rig.agencies["hotich"].sent if wire.operation == "supplement"][-1])
    papers = find(sent, "Attachments")
    assert papers is not None
    assert [(text_at(one, "SHA256"), text_at(one, "Superseded")) for one in papers] == [
        (second, None),
        (first, "true"),
    ]


def with_paper(request_: bytes, papers: bytes) -> bytes:
    """The supplement with these papers as its last part."""
    return request_.replace(b"</SupplementRequest>", papers + b"</SupplementRequest>")


async def test_withdrawn_before_it_was_sent(rig: Rig) -> None:
    """What never left the hub is cancelled: the agency hears neither of the dossier nor of its end."""
    rig.hub.store.write_sync(lambda tx: tx.deliveries.pause("hotich", "bảo trì", rig.clock()))
    code = await rig.opened()
    assert rig.state(code, "registration") is StepState.SENDING
    await rig.hub.requests.withdraw(PORTAL, withdrawal(code))
    assert rig.state(code, "registration") is StepState.CANCELLED
    rig.hub.store.write_sync(lambda tx: tx.deliveries.resume("hotich", rig.clock(), "trực ban", "đã sửa"))
    await rig.settle()
    assert rig.agencies["hotich"].sent == []


async def test_withdrawn_after_a_try(rig: Rig) -> None:
    """What may have arrived is withdrawn there too."""
    rig.agencies["hotich"].script.append(Unavailable("away"))
    code = await rig.opened()
    await rig.hub.requests.withdraw(PORTAL, withdrawal(code))
    rig.clock.advance(hours=1)
    await rig.settle()
    assert rig.agencies["hotich"].count("withdraw") == 1


async def test_the_result_is_in_hand(rig: Rig) -> None:
    """State 5: the portal says so, of one step or of all; before there is a result it is refused."""
    code = await rig.opened()
    with pytest.raises(Conflict):
        await rig.hub.requests.handover(PORTAL, request("HandoverRequest", code, "handover-1", ""))
    rig.agencies["hotich"].done.add(code)
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    one = request("HandoverRequest", code, "handover-2", "<Step>registration</Step>")
    await rig.hub.requests.handover(PORTAL, one)
    await rig.settle()
    assert rig.state(code, "registration") is StepState.RETURNED
    assert rig.told(code, "registration") == ["received", "accepted", "processing", "completed", "returned"]


async def test_no_relatives_are_waited_for(rig: Rig) -> None:
    """A consent to a birth is refused: nobody waits for it."""
    code = await rig.opened()
    body = "<PersonalNumber>001090000018</PersonalNumber><Consent>given-vneid</Consent>"
    with pytest.raises(Conflict):
        await rig.hub.requests.consent(PORTAL, request("ConsentRequest", code, "consent-01", body))


# ------------------------------------------------------------------ resume

PAPERS = drop("Attachments")
ALONE = (PAPERS, drop("Choices/ResidenceOffice"), drop("Household"))
HEAD = "Household/HeadPersonalNumber"


async def registered_alone(rig: Rig) -> str:
    """A birth that is registered; residence was not chosen."""
    root = as_tree(submission())
    old = find(root, "BirthDeclaration")
    assert old is not None
    root.replace(old, declaration(*ALONE))
    rig.agencies["hotich"].script.clear()
    answer = await rig.hub.intake.submit(PORTAL, as_bytes(root))
    code = as_tree(answer)[0].text or ""
    await rig.settle()
    rig.agencies["hotich"].done.add(code)
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    await rig.tell(completed("bhxh", code), agency="bhxh")
    return code


def resumption(code: str, *changes: object, message_id: str = "resume-001") -> bytes:
    """The declaration once more, with residence."""
    root = as_tree(request("ResumeRequest", code, message_id, ""))
    root.append(declaration(PAPERS, *changes))  # type: ignore[arg-type]
    return as_bytes(root)


async def test_the_second_half(rig: Rig) -> None:
    """T11: the child is registered but has no residence; it is asked for later, in the same dossier."""
    code = await registered_alone(rig)
    assert {step.id for step in rig.dossier(code).steps} == {"registration", "card"}
    rig.clock.advance(days=20)
    await rig.hub.requests.resume(PORTAL, resumption(code))
    await rig.settle()
    dossier = rig.dossier(code)
    assert dossier.step("residence").state is StepState.RECEIVED
    assert dossier.due is not None
    assert dossier.due - rig.clock() < timedelta(days=7)
    assert rig.agencies["cutru"].count("submit") == 1
    assert is_duplicate(await rig.hub.requests.resume(PORTAL, resumption(code)))
    with pytest.raises(Conflict):
        await rig.hub.requests.resume(PORTAL, resumption(code, message_id="resume-002"))


async def test_a_new_person_is_checked_first(rig: Rig) -> None:
    """Only who was not there before is looked up; until then the new step waits and the others stand."""
    code = await registered_alone(rig)
    before = len(rig.agencies["dancu"].sent)
    other = put(HEAD, "001055000011"), put("Household/HeadName", "Nguyễn Văn Cội")
    await rig.hub.requests.resume(PORTAL, resumption(code, *other))
    assert rig.dossier(code).phase is Phase.CHECKING
    await rig.settle()
    asked_of = [wire.body for wire in rig.agencies["dancu"].sent[before:]]
    assert asked_of
    assert all(b"001055000011" in body for body in asked_of)
    assert rig.state(code, "residence") is StepState.RECEIVED
    assert rig.state(code, "registration") is StepState.COMPLETED


async def test_nothing_else_may_differ(rig: Rig) -> None:
    """What was handed in stays: each change and each omission is a problem at its field."""
    code = await registered_alone(rig)
    changes = put("Child/Name/Given", "Hoa"), drop("Marriage")
    with pytest.raises(Invalid) as caught:
        await rig.hub.requests.resume(PORTAL, resumption(code, *changes))
    assert [problem.field for problem in caught.value.problems] == ["Child/Name/Given", "Marriage"]
    assert rig.agencies["cutru"].sent == []
    assert find(as_tree(rig.dossier(code).declaration), "Household") is None
