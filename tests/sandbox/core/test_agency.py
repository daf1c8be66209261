"""The base of agencies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sandbox import ManualClock, Site
from sandbox.core.agency import default_contracts
from sandbox.core.keys import NoTrust
from sandbox.core.rules import Fault


async def test_message_is_done_once(client: Any, office: Any) -> None:
    """The agency's own table has one row, however often the message came."""
    first, second = await client.apply(), await client.apply()
    assert (b"false" in first[1], b"true" in second[1]) == (True, True)
    assert len(office.database.rows("SELECT * FROM application")) == 1


async def test_restart_remembers(client: Any, office: Any, clock: ManualClock) -> None:
    """The book and the key survive the process."""
    await client.apply()
    again = type(office)(Site(office.site.folder, contracts=office.site.contracts, clock=clock))
    assert again.desk.get("K-1").times == 1
    assert again.identity.certificate == office.identity.certificate
    await again.stop()


async def test_results_are_pushed_by_themselves(office: Any, client: Any, hub: Any) -> None:
    """A started agency ticks."""
    object.__setattr__(office.site, "tick", 0.001)
    await office.start()
    await client.apply()
    while not hub.got:
        await asyncio.sleep(0.001)


async def test_stop_is_idempotent(office: Any) -> None:
    """Stopping twice is stopping once."""
    await office.start()
    await office.stop()
    await office.stop()


async def test_mistake_of_an_agency_is_not_swallowed(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke while time did its work comes out at the end, and everything is closed all the same."""

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(office, "progress", broken)
    await office.start()
    await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        await office.stop()
    await office.stop()


@pytest.mark.parametrize("content", ["<a>", "<a/>", "text"])
async def test_unreadable_messages_have_no_operation(office: Any, content: str) -> None:
    """Rules for an operation do not hit them."""
    assert office.operation("/soap", content) == ""


async def test_agencies_without_soap(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation is the last part of the path, a fault is plain text."""
    monkeypatch.setattr(type(office), "soap_version", None)
    call = office.call("POST", "/api/take/", "", {}, "Thủy".encode())
    assert (call.operation, call.content) == ("take", "Thủy")
    answer = office.fault_answer(call, Fault("soap-fault", text="Bận"))
    assert (answer.status, answer.body) == (500, "Bận".encode())


async def test_business_faults_are_asked_for(office: Any) -> None:
    """An agency asks whether it shall misbehave; each hit counts."""
    office.faults.add({"match": {"contains": "Thủy"}, "fault": {"kind": "out-of-order"}, "times": 1})
    asked = [office.quirk("out-of-order", "Apply", name) for name in ("Thùy", "Thủy", "Thủy")]
    assert asked == [False, True, False]


async def test_no_hub_certificate_no_trust(office: Any) -> None:
    """Without the hub's certificate nothing can be verified."""
    with pytest.raises(NoTrust):
        office.hub_public()


def test_contracts_of_a_source_tree() -> None:
    """The folder beside the package is found."""
    assert (default_contracts() / "dancu" / "1.0" / "dancu.wsdl").is_file()
    assert isinstance(default_contracts(), Path)
