"""The message log over REST: searched, verified, and bodies given out for a purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.clock import VIETNAM
from tests.worlds import Stage, birth, stage


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A hub on which the portal may look into the log, bodies included."""
    may = ["submit", "status", "log", "bodies"]
    client = {"id": "dvcqg", "key": "portal-key", "signature": "optional", "may": may}
    async with stage(tmp_path, overrides={"hub.clients": [client]}) as world:
        yield world


async def get(world: Stage, path: str, **fields: str) -> tuple[int, Any, Mapping[str, str]]:
    """Status, JSON or bytes, and header fields of an answer; ``fields`` are X-Citizen, X-Officer, X-Purpose."""
    headers: dict[str, Any] = {"X-Api-Key": world.portal_key}
    headers |= {f"X-{name.title()}": value for name, value in fields.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.url}/api/v1/log/{path}", headers=headers) as got,
    ):
        whole = await got.read()
        is_json = got.content_type == "application/json"
        return got.status, await got.json() if is_json else whole, got.headers


async def test_from_search_to_body(world: Stage) -> None:
    """A mother's messages are found by her number, with state; one is verified now; its body comes with an act."""
    code = await world.submit(birth(), portal_code="H01.001-260001")
    await world.finish(code)
    await world.hub.log.book.checkpoint()
    mother = birth().mother
    assert mother is not None
    status, page, _ = await get(world, "messages?limit=200", citizen=str(mother.number), officer="CB000007")
    assert status == 200
    assert {hit["dossier"] for hit in page["messages"]} == {code}
    assert {hit["state"] for hit in page["messages"]} == {"signed"}
    day = world.clock().astimezone(VIETNAM).date()
    _, same, _ = await get(world, f"messages?limit=200&dossier=H01.001-260001&from={day}&to={day}")
    assert same["messages"] == page["messages"]
    first = page["messages"][-1]
    status, checked, _ = await get(world, f"messages/{first['id']}/verification")
    assert (status, checked["ok"], checked["state"]) == (200, True, "signed")
    status, one, _ = await get(world, f"messages/{first['id']}")
    assert (status, one["id"]) == (200, first["id"])
    purpose = "khiếu nại 17/2026"
    path = f"messages/{first['id']}/body"
    status, body, fields = await get(world, path, officer="CB000007", purpose=purpose)
    assert status == 200
    assert str(mother.number).encode() in body
    assert fields["X-Log-State"] == "signed"
    assert fields["Content-Disposition"] == "attachment"
    acts = [(act.act, act.who, act.why) for act in world.hub.store.read(lambda tx: tx.acts.latest(2))]
    assert acts == [
        ("reveal", "CB000007 (dvcqg)", "khiếu nại 17/2026"),
        ("search", "CB000007 (dvcqg)", "-"),
    ]


async def test_what_cannot_be_asked(world: Stage) -> None:
    """Wrong words, a number in an address, fields that are no text, bodies without officer: 422; unknown: 404."""
    await world.submit(birth())
    for path in (
        "?colour=red",
        "?citizen=001199000123",
        "?limit=0",
        "?limit=201",
        "?limit=x",
        "?after=x",
        "?from=x",
    ):
        status, problems, _ = await get(world, f"messages{path}")
        assert status == 422, path
        assert problems["Problem"]
    assert (await get(world, "messages", citizen="12"))[0] == 422
    assert (await get(world, "messages", officer="%FF"))[0] == 422
    assert (await get(world, "messages", officer="a%0Ab"))[0] == 422
    _, page, _ = await get(world, "messages")
    assert (await get(world, f"messages/{page['messages'][0]['id']}/body"))[0] == 422
    assert (await get(world, "messages/nothing"))[0] == 404
    assert (await get(world, "messages/nothing/body", officer="CB1", purpose="x"))[0] == 404


async def test_without_the_right(tmp_path: Path) -> None:
    """403 for a client that may not, and the attempt is kept; 401 for nobody."""
    async with stage(tmp_path) as world:
        for path in ("messages", "messages/x", "messages/x/verification", "messages/x/body", "verifications"):
            assert (await get(world, path, officer="CB1", purpose="xem%20th%E1%BB%AD"))[0] == 403
        denied = world.hub.store.read(lambda tx: tx.acts.latest(5))
        assert {(act.who, act.act, act.why) for act in denied} == {("CB1 (dvcqg)", "denied", "xem thử")}
        async with aiohttp.ClientSession() as session, session.get(f"{world.url}/api/v1/log/messages") as got:
            assert got.status == 401


async def test_verifications_and_description(world: Stage) -> None:
    """The nightly verification is listed with its signed report; the resources are described in OpenAPI."""
    await world.submit(birth())
    await world.hub.log.reverification.run()
    status, told, _ = await get(world, "verifications")
    assert status == 200
    assert told["verifications"][0]["ok"]
    assert "nguyên vẹn" in told["verifications"][0]["report"]
    async with aiohttp.ClientSession() as session, session.get(f"{world.url}/api/openapi.json") as got:
        paths = (await got.json())["paths"]
    names = {each["name"] for each in paths["/api/v1/log/messages"]["get"]["parameters"]}
    assert {"dossier", "from", "X-Citizen", "limit"} <= names
    assert "422" in paths["/api/v1/log/messages/{message}/body"]["get"]["responses"]
