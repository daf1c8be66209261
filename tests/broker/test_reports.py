"""Applying what agencies report."""

from __future__ import annotations

import hashlib

import pytest

from adapters.errors import Malformed
from broker.model import Outcome, ReportItem, StepState
from broker.reports import Reports, refine
from broker.store.engine import Tx
from tests.broker.rig import Rig, completed, item, report


def reports(rig: Rig) -> Reports:
    """The hub's reports."""
    return rig.hub.callbacks._reports


def nothing(tx: Tx, dossier: str | None) -> None:
    """Nothing to keep."""


async def test_several_dossiers_are_one_transaction(rig_on_both: Rig) -> None:
    """All items of a report count, or none does."""
    rig = rig_on_both
    codes = [await rig.opened(f"message-{number}") for number in (1, 2)]
    document = report(*(item(code, StepState.ACCEPTED) for code in codes))

    def refuse(tx: Tx, dossier: str | None) -> None:
        assert dossier is None, "it is about two"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await reports(rig).take("hotich", document, refuse)
    assert {rig.state(code, "registration") for code in codes} == {StepState.RECEIVED}
    assert await reports(rig).take("hotich", document, nothing) == codes
    assert {rig.state(code, "registration") for code in codes} == {StepState.ACCEPTED}


async def test_several_items_of_one_dossier(rig: Rig) -> None:
    """Items about one dossier are read one after the other, and the one dossier is named."""
    code = await rig.opened()
    named: list[str | None] = []
    items = [item(code, StepState.ACCEPTED), item(code, StepState.PROCESSING), completed("hotich", code)]
    await reports(rig).take("hotich", report(*items), lambda tx, dossier: named.append(dossier))
    await rig.settle()
    assert named == [code]
    assert rig.told(code, "registration") == ["received", "accepted", "processing", "completed"]


async def test_known_and_unknown(rig: Rig) -> None:
    """An item that nobody knows has an owner and does not stop the others (T18)."""
    code = await rig.opened()
    found = await reports(rig).take(
        "hotich", report(item("unknown", StepState.ACCEPTED), item(code, StepState.ACCEPTED)), nothing
    )
    assert found == [None, code]
    assert [one.owner for one in rig.work("unroutable")] == ["ho-tich-truc"]
    assert rig.state(code, "registration") is StepState.ACCEPTED


async def test_empty(rig: Rig) -> None:
    """A report without items is only kept."""
    kept: list[str | None] = []
    assert await reports(rig).take("hotich", report(), lambda tx, dossier: kept.append(dossier)) == []
    assert kept == [None]


async def test_code_of_two_systems(rig: Rig) -> None:
    """A code that two systems gave to different dossiers is the hub's own, or unroutable."""
    one, two = [rig.dossier(await rig.opened(f"message-{number}")) for number in (1, 2)]

    def same_number(tx: Tx) -> None:
        tx.dossiers.add_code(one.id, "a", "77")
        tx.dossiers.add_code(two.id, "b", "77")

    rig.hub.store.write_sync(same_number)
    assert await reports(rig).take("hotich", report(item("77", StepState.ACCEPTED)), nothing) == [None]


async def test_papers(rig: Rig) -> None:
    """A paper is kept once, by hash, with its size."""
    code = await rig.opened()
    paper = "<Certificate><Kind>KS</Kind><FileName>a</FileName><MediaType>application/pdf</MediaType>"
    paper += "<Content>JVBERg==</Content></Certificate></Registration>"
    await reports(rig).take(
        "hotich", report(completed("hotich", code).replace("</Registration>", paper)), nothing
    )
    digest = hashlib.sha256(b"%PDF").hexdigest()
    assert rig.hub.store.read(lambda tx: tx.blobs.get(digest)).size == 4
    assert rig.hub.blobs.read(digest) == b"%PDF"


async def test_result_that_is_not_what_was_declared(rig: Rig) -> None:
    """Another name was registered (T3): the result stands, and a person is told which field, without values."""
    code = await rig.opened()
    said = completed("hotich", code).replace("TRẦN HÒA", "TRẦN HOA")
    await reports(rig).take("hotich", report(said), nothing)
    assert rig.state(code, "registration") is StepState.COMPLETED
    (found,) = rig.work("contradiction")
    assert "ChildName" in found.reason
    assert "HOA" not in found.reason
    await reports(rig).take("hotich", report(said), nothing)
    assert len(rig.work("contradiction")) == 1


async def test_result_that_is_what_was_declared(rig: Rig) -> None:
    """The same name in capitals is no difference."""
    code = await rig.opened()
    await reports(rig).take("hotich", report(completed("hotich", code)), nothing)
    assert rig.work("contradiction") == []


async def test_unreadable_paper(rig: Rig) -> None:
    """A paper that is no base64 is not the contract."""
    with pytest.raises(Malformed):
        await reports(rig).unpack(report("<Item><Content>%</Content></Item>"))


def test_words_of_the_agency() -> None:
    """The table of texts overrules the outcome, where it says something."""
    said = ReportItem(Outcome.FAILED, reason="đã có")
    assert refine(said, lambda text: Outcome.DUPLICATE).outcome is Outcome.DUPLICATE
    assert refine(said, lambda text: None) is said
