"""What portals and agencies ask of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from broker.canonical.document import as_tree, text_at
from broker.canonical.read import is_duplicate
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotNow
from broker.model import Phase, StepState
from tests.broker.rig import (
    PORTAL,
    Rig,
    completed,
    correction,
    inbound,
    item,
    make,
    report,
    report_request,
    submission,
    supplement,
    withdrawal,
)
from tests.conftest import PostgresServer


async def test_answer_means_stored(rig_on_both: Rig) -> None:
    """An accepted declaration is a dossier with its codes, its look-ups and both messages in the log."""
    code = await rig_on_both.submit()
    dossier = rig_on_both.dossier(code)
    assert dossier.phase is Phase.CHECKING
    assert [(m.direction, m.kind) for m in rig_on_both.messages(dossier=code)] == [
        ("in", "request"),
        ("out", "answer"),
    ]
    assert {d.agency for d in rig_on_both.deliveries()} == {"dancu", "dvcqg"}


async def test_same_submission_twice(rig_on_both: Rig) -> None:
    """A repetition gets the first answer and opens nothing, also when both come at one time."""
    intake = rig_on_both.hub.intake
    answers = await asyncio.gather(*(intake.submit(PORTAL, submission()) for _ in range(3)))
    assert len({text_at(as_tree(answer), "DossierCode") for answer in answers}) == 1
    assert sorted(is_duplicate(answer) for answer in answers) == [False, True, True]


async def test_message_id_for_other_content(rig: Rig) -> None:
    """A message id that was used for something else is a conflict at that field, and is on record."""
    await rig.submit()
    with pytest.raises(Conflict) as refused:
        await rig.hub.intake.submit(PORTAL, submission(Child__Sex="1"))
    assert refused.value.problems[0].field == "MessageId"
    assert [message.outcome for message in rig.messages(kind="refused")] == ["conflict"]


@pytest.mark.parametrize("client", ["nobody", "cancuoc"])
async def test_rights(rig: Rig, client: str) -> None:
    """Only a client with the right to submit may."""
    with pytest.raises(Forbidden):
        await rig.hub.intake.submit(client, submission())
    assert [message.outcome for message in rig.messages(kind="refused")] == ["forbidden"]


async def test_invalid_is_recorded(rig: Rig) -> None:
    """A declaration that is wrong opens nothing, names the field, and is kept with its reason."""
    with pytest.raises(Invalid) as refused:
        await rig.submit(Applicant__PersonalNumber="0010900000181")
    assert "PersonalNumber" in (refused.value.problems[0].field or "")
    assert [message.outcome for message in rig.messages(kind="refused")] == ["invalid"]


async def test_unknown_unit(rig: Rig) -> None:
    """An office that does not exist is asked about, has an owner, and leaves the list when it is corrected."""
    code = await rig.submit(Choices__RegistrationOffice__Commune="99999")
    assert rig.dossier(code).phase is Phase.ASKING
    assert len(rig.work("unroutable")) == 1
    field = "Choices/RegistrationOffice/Commune"
    await rig.hub.requests.supplement(PORTAL, correction(code, field, "00004"))
    await rig.settle()
    assert rig.state(code, "registration") is StepState.RECEIVED
    assert rig.work("unroutable") == []


async def test_canonical_report(rig: Rig) -> None:
    """An agency that speaks the canonical form reports once per message id; the log names the dossier."""
    code = await rig.opened()
    answer = await rig.hub.intake.report(
        "cancuoc", report_request("report-01", item(code, StepState.ACCEPTED))
    )
    assert not is_duplicate(answer)
    assert is_duplicate(
        await rig.hub.intake.report("cancuoc", report_request("report-01", item(code, StepState.ACCEPTED)))
    )
    assert len(rig.work("unroutable")) == 1, "it has no part in this dossier"


async def test_store_away(tmp_path: Path, postgres_url: str, postgres_server: PostgresServer) -> None:
    """While the database is away nothing is acknowledged by any door, and all goes on when it is back."""
    rig = make(tmp_path, postgres_url)
    code = await rig.registered()
    database = postgres_url.split("?")[0].rpartition("/")[2]
    switch(postgres_server, database, "false")
    doors: list[Callable[[], Awaitable[object]]] = [
        lambda: rig.hub.intake.submit(PORTAL, submission("message-2")),
        lambda: rig.hub.intake.submit(PORTAL, submission()),
        lambda: rig.hub.intake.submit(PORTAL, b"<oops"),
        lambda: rig.hub.requests.supplement(PORTAL, supplement(code)),
        lambda: rig.hub.requests.withdraw(PORTAL, withdrawal(code)),
        lambda: rig.hub.intake.report("cancuoc", report_request("report-01", item(code, StepState.ACCEPTED))),
    ]
    for door in doors:
        with pytest.raises(NotNow):
            await door()
    away = await rig.hub.callbacks.take("cutru", inbound(report(completed("cutru", code))))
    assert away.status >= 500
    assert await rig.hub.scheduler.tick("deadlines") is False
    switch(postgres_server, database, "true")
    assert rig.dossier(code).phase is Phase.OPEN
    assert await rig.tell(completed("cutru", code)) == 200
    assert await rig.opened("message-2") != code
    assert is_duplicate(await rig.hub.intake.submit(PORTAL, submission()))
    await rig.hub.close()


def switch(server: PostgresServer, database: str, allowed: str) -> None:
    """Let nobody into a database, or everybody again."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS {allowed}")
        if allowed == "false":
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
            )


async def test_every_refusal_is_a_hub_error(rig: Rig) -> None:
    """Whatever is sent, the caller hears one of the errors that its door can translate."""
    for document in (b"", b"<x/>", submission()[:-20], supplement("-"), b"<!DOCTYPE x><x/>"):
        with pytest.raises(HubError):
            await rig.hub.intake.submit(PORTAL, document)
    assert len(rig.messages(kind="refused")) == 5
