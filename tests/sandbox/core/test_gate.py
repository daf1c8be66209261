"""Faults on demand over real connections."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox.core.xml import NotXml, parse


def times(office: Any) -> list[int]:
    """How often each application was taken in."""
    return [record.times for record in office.desk.records()]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "http", "status": 503, "retry_after": 7}, 503),
        ({"kind": "http", "status": 302, "location": "http://elsewhere/"}, 302),
        ({"kind": "http", "status": 429}, 429),
        ({"kind": "soap-fault", "code": "receiver", "text": "Bận"}, 500),
    ],
)
async def test_instant_answers_take_nothing_in(
    client: Any, office: Any, fault: dict[str, Any], status: int
) -> None:
    """The agency said no before it did anything."""
    office.faults.add({"fault": fault, "times": 1})
    assert (await client.apply())[0] == status
    assert times(office) == []
    assert (await client.apply())[0] == 200


async def test_headers_of_http_faults(client: Any, office: Any) -> None:
    """Retry-After and Location are sent as told."""
    office.faults.add({"fault": {"kind": "http", "status": 503, "retry_after": 7, "location": "/x"}})
    async with client.session.post(client.url + "/soap", data=b"x") as answer:
        assert (answer.headers["Retry-After"], answer.headers["Location"]) == ("7", "/x")


async def test_soap_fault_is_a_fault_of_the_protocol(client: Any, office: Any) -> None:
    """Code and text are as told."""
    office.faults.add({"fault": {"kind": "soap-fault", "code": "sender", "text": "Sai dữ liệu"}})
    root = parse((await client.apply())[1])
    assert (root.findtext(".//faultcode"), root.findtext(".//faultstring")) == ("soap:Client", "Sai dữ liệu")


async def test_error_after_the_work(client: Any, office: Any) -> None:
    """With ``accept`` the work is done and committed, and the sender hears an error."""
    office.faults.add({"fault": {"kind": "http", "status": 500, "accept": True}})
    assert (await client.apply())[0] == 500
    assert times(office) == [1]


@pytest.mark.parametrize(("kind", "taken"), [("down", []), ("accept-then-drop", [1])])
async def test_connection_is_closed_without_an_answer(
    client: Any, office: Any, kind: str, taken: list[int]
) -> None:
    """Before the work, or after it."""
    office.faults.add({"fault": {"kind": kind}})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.apply()
    assert times(office) == taken


async def test_hang_after_the_work(client: Any, office: Any) -> None:
    """The work is committed, the answer never comes; the end of the agency ends the wait."""
    office.faults.add({"fault": {"kind": "accept-then-hang"}})
    waiting = asyncio.create_task(client.apply())
    while not office.faults.all()[0].hits:
        await asyncio.sleep(0.001)
    assert times(office) == [1]
    assert not waiting.done()
    office.closing.set()
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_empty_answer(client: Any, office: Any) -> None:
    """202 and nothing: the contract promised a reply."""
    office.faults.add({"fault": {"kind": "empty-202"}})
    assert await client.apply() == (202, b"")
    assert times(office) == [1]


@pytest.mark.parametrize("form", ["broken", "html"])
async def test_unreadable_answer(client: Any, office: Any, form: str) -> None:
    """The work is done, the answer is not XML."""
    office.faults.add({"fault": {"kind": "malformed", "form": form}})
    status, body = await client.apply()
    assert (status, times(office)) == (200, [1])
    with pytest.raises(NotXml):
        parse(body)


async def test_truncated_answer(client: Any, office: Any) -> None:
    """The announced length never comes."""
    office.faults.add({"fault": {"kind": "malformed", "form": "truncated"}})
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.apply()


async def test_dripping_answer_is_whole_in_the_end(client: Any, office: Any) -> None:
    """Slow, but right."""
    office.faults.add({"fault": {"kind": "slow-body", "seconds": 0.02}})
    status, body = await client.apply()
    assert (status, len(parse(body))) == (200, 1)


async def test_delay_then_answer(client: Any, office: Any) -> None:
    """A delay only delays."""
    office.faults.add({"fault": {"kind": "delay", "seconds": 0.01}})
    office.latency = 0.01
    assert (await client.apply())[0] == 200


async def test_rules_see_operation_and_content(client: Any, office: Any) -> None:
    """Only the message that is meant goes wrong."""
    match = {"operation": "Apply", "contains": "Thủy", "header": {"X-Who": "me"}}
    office.faults.add({"match": match, "fault": {"kind": "http", "status": 503}})
    assert (await client.apply("K-1", "Lê Thủy"))[0] == 200
    assert (await client.apply("K-2", "Lê Thùy", X_Who="me"))[0] == 200
    assert (await client.apply("K-3", "Lê Thủy", X_Who="me"))[0] == 503


async def test_control_and_page_are_never_disturbed(client: Any, office: Any) -> None:
    """Whoever broke it can mend it."""
    office.faults.add({"fault": {"kind": "http", "status": 500}})
    assert len(await client.control("GET", "/faults")) == 1
    async with client.session.get(client.url + "/") as answer:
        assert answer.status == 200
