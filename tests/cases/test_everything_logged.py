"""Whatever comes in, goes out or is turned away is an entry of the log, with how it ended."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.store.rows import Act, MessageFilter, MessageRow
from tests.worlds import Stage, birth, stage

PDF = b"%PDF-1.7 to khai"
DIGEST = hashlib.sha256(PDF).hexdigest()
XML, JSON, FORM = "application/xml", "application/json", "application/x-www-form-urlencoded"
DOSSIERS, SOAP, CUTRU, YTE = "/api/v1/dossiers", "/soap/intake", "/agency/cutru", "/agency/yte"
REPORT = "/api/v1/reports"
NOT_SOAP = b"<Envelope/>"
TOKEN = b"username=01005&password=sai"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A hub with its agencies, in which nothing has happened yet."""
    async with stage(tmp_path) as world:
        yield world


async def call(world: Stage, method: str, path: str, body: bytes | None, kind: str, key: str | None) -> int:
    """One request; the status of its answer."""
    headers = {"Content-Type": kind, "Accept": XML}
    if key is not None:
        headers["X-Api-Key"] = world.portal_key if key == "portal" else key
    async with aiohttp.ClientSession() as session:
        response = await session.request(
            method, world.url + path, data=io.BytesIO(body) if body else None, headers=headers
        )
        await response.read()
        return response.status


def entries(world: Stage, after: int = 0) -> list[MessageRow]:
    """What the log holds from that position on, oldest first."""
    page = world.hub.store.read(lambda tx: tx.messages.search(MessageFilter(), limit=500))
    return [row for row in reversed(page.items) if row.index >= after]


def said(row: MessageRow) -> tuple[str, str, str, str, str]:
    """An entry in short."""
    return row.direction, row.kind, row.agency, row.operation, row.outcome


# What is asked, and the entries that it makes.
INBOUND: list[tuple[str, str, str, bytes | None, str, str | None, list[tuple[str, str, str, str, str]]]] = [
    ("no key", "POST", DOSSIERS, b"{}", JSON, None, [("in", "refused", "unknown", "http", "unauthorized")]),
    ("wrong key", "POST", DOSSIERS, b"{}", JSON, "x", [("in", "refused", "unknown", "http", "unauthorized")]),
    (
        "SOAP, no key",
        "POST",
        SOAP,
        NOT_SOAP,
        XML,
        None,
        [("in", "refused", "unknown", "http", "unauthorized")],
    ),
    (
        "no JSON",
        "POST",
        DOSSIERS,
        b"{",
        JSON,
        "portal",
        [("in", "refused", "dvcqg", "SubmitRequest", "invalid")],
    ),
    (
        "no XML",
        "POST",
        DOSSIERS,
        b"<",
        XML,
        "portal",
        [("in", "refused", "dvcqg", "SubmitRequest", "invalid")],
    ),
    (
        "bad XML",
        "POST",
        DOSSIERS,
        b"<a/>",
        XML,
        "portal",
        [("in", "refused", "dvcqg", "SubmitRequest", "invalid")],
    ),
    ("no SOAP", "POST", SOAP, NOT_SOAP, XML, "portal", [("in", "refused", "dvcqg", "unknown", "invalid")]),
    (
        "no right",
        "POST",
        REPORT,
        b"<a/>",
        XML,
        "portal",
        [("in", "refused", "dvcqg", "ReportRequest", "forbidden")],
    ),
    (
        "kind",
        "POST",
        DOSSIERS,
        b"x",
        "image/png",
        "portal",
        [("in", "refused", "dvcqg", "http", "unsupported-media-type")],
    ),
    (
        "size",
        "POST",
        DOSSIERS,
        b"x" * 1_048_577,
        XML,
        "portal",
        [("in", "refused", "dvcqg", "http", "too-large")],
    ),
    (
        "method",
        "DELETE",
        DOSSIERS,
        None,
        XML,
        "portal",
        [("in", "refused", "dvcqg", "http", "method-not-allowed")],
    ),
    ("address", "GET", "/nothing", None, XML, None, [("in", "refused", "unknown", "http", "not-found")]),
    (
        "dossier",
        "GET",
        f"{DOSSIERS}/G22.99.08-260915-999999",
        None,
        XML,
        "portal",
        [("in", "refused", "dvcqg", "http", "not-found")],
    ),
    ("call-back", "POST", CUTRU, b"<", XML, None, [("in", "refused", "cutru", "callback", "malformed")]),
    ("password", "POST", YTE, TOKEN, FORM, None, [("in", "refused", "yte", "token", "unauthorized")]),
    (
        "file",
        "PUT",
        f"/api/v1/attachments/{DIGEST}",
        PDF,
        "application/pdf",
        "portal",
        [("in", "request", "dvcqg", "attachment", "ok")],
    ),
    (
        "not that file",
        "PUT",
        f"/api/v1/attachments/{'0' * 64}",
        PDF,
        "application/pdf",
        "portal",
        [("in", "refused", "dvcqg", "http", "invalid")],
    ),
]


async def test_everything_that_comes_in(world: Stage) -> None:
    """Taken or not, understood or not, by whomever: one entry each, before the answer."""
    for name, method, path, body, kind, key, expected in INBOUND:
        before = world.hub.store.read(lambda tx: tx.log.head().size)
        status = await call(world, method, path, body, kind, key)
        assert [said(row) for row in entries(world, before)] == expected, (name, status)


async def test_everything_between_hub_and_agencies(world: Stage) -> None:
    """Submission, look-ups, deliveries, call-backs, states: each request has its reply, bound to it; a status too."""
    code = await world.submit(birth())
    await world.finish(code)
    await world.status(code)
    rows = entries(world)
    answered = {row.related_id for row in rows if row.related_id}
    asked = {row.id: row for row in rows if row.kind == "request"}
    assert asked.keys() == answered
    told = {(row.direction, row.agency, row.operation) for row in asked.values()}
    assert {("in", "dvcqg", "SubmitRequest"), ("in", "dvcqg", "StatusRequest")} <= told
    assert {("out", "dancu", "lookup"), ("out", "hotich", "submit"), ("out", "dvcqg", "state")} <= told
    assert ("in", "cutru", "ThongBao") in told


async def test_a_delivery_without_an_answer(world: Stage) -> None:
    """An agency that is away leaves an entry for each attempt, which says why."""
    rule: dict[str, Any] = {
        "match": {"operation": "nhanHoSoDKHT"},
        "fault": {"kind": "accept-then-drop"},
        "times": 1,
    }
    world.sandbox.agency("hotich").faults.add(rule)
    await world.submit(birth())
    await world.settle()
    [failed] = [row for row in entries(world) if row.kind == "failed"]
    assert (failed.agency, failed.related_id is not None) == ("hotich", True)
    assert world.hub.store.read(lambda tx: tx.messages.body(failed.id))


async def test_what_people_do(world: Stage) -> None:
    """Holding an agency back and letting it go again are entries, with who and why."""
    world.hub.store.write_sync(lambda tx: tx.deliveries.pause("bhxh", "our token was refused", world.clock()))
    world.hub.store.write_sync(lambda tx: tx.deliveries.resume("bhxh", world.clock(), "lan", "đã gọi điện"))
    world.hub.store.write_sync(lambda tx: tx.acts.add(Act(world.clock(), "lan", "reveal", "m1", "khiếu nại")))
    found = [(row.operation, row.officer, row.purpose) for row in entries(world) if row.kind == "act"]
    assert found == [
        ("pause", "hub", "our token was refused"),
        ("resume", "lan", "đã gọi điện"),
        ("reveal", "lan", "khiếu nại"),
    ]


async def test_a_flood_is_counted(world: Stage) -> None:
    """A stranger who knocks a hundred times makes thirty entries, and one that says how many more there were."""
    for _ in range(100):
        await call(world, "GET", "/nothing", None, XML, None)
    assert len(entries(world)) == 30
    world.clock.advance(minutes=1)
    await world.hub.log.refusals.flush()
    assert [row.outcome for row in entries(world)] == ["not-found"] * 30 + ["bounded"]
