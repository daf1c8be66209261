"""The control API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BUSY = {"fault": {"kind": "http", "status": 503}}


async def test_faults_by_http(client: Any) -> None:
    """Add, list, forget one, forget all."""
    assert await client.control("POST", "/faults", BUSY) == {"number": 1}
    await client.control("POST", "/faults", BUSY)
    assert (await client.apply())[0] == 503
    assert [rule["hits"] for rule in await client.control("GET", "/faults")] == [1, 0]
    await client.control("DELETE", "/faults?number=1")
    assert [rule["number"] for rule in await client.control("GET", "/faults")] == [2]
    await client.control("DELETE", "/faults")
    assert (await client.apply())[0] == 200


async def test_decisions_by_http(client: Any, office: Any) -> None:
    """The same for decisions."""
    await client.control("POST", "/decisions", {"outcome": "reject", "reason": "Không đủ điều kiện"})
    await client.apply()
    assert office.desk.verdict("K-1").reason == "Không đủ điều kiện"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"fault": {"kind": "explode"}}),
        ("/decisions", {"outcome": "perhaps"}),
        ("/agency", {"up": True}),
        ("/decide", {"key": "K-9", "outcome": "approve"}),
        ("/decide", {"key": "K-1", "outcome": "hold"}),
    ],
)
async def test_mistakes_are_answered(client: Any, path: str, body: dict[str, Any]) -> None:
    """400 with the reason."""
    await client.apply()
    async with client.session.post(f"{client.url}/_control{path}", json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_received_shows_arrivals_and_effects(client: Any) -> None:
    """The proof that a repeated message had no second effect."""
    for _ in range(3):
        await client.apply("K-1", "Lê Thị Thử")
    await client.apply("K-2", "Khác")
    (kept,) = await client.control("GET", "/received?dossier=D-K-1")
    assert (kept["key"], kept["times"], kept["effects"]) == ("K-1", 3, ["Nhận đơn của Lê Thị Thử"])
    assert kept["verdict"]["outcome"] == "approve"
    await client.control("DELETE", "/received")
    assert await client.control("GET", "/received") == []


async def test_person_decides_by_http(client: Any, office: Any) -> None:
    """A held dossier is decided from outside."""
    office.decisions.add({"outcome": "hold"})
    await client.apply()
    await client.control("POST", "/decide", {"key": "K-1", "outcome": "supplement", "reason": "Thiếu ảnh"})
    assert office.desk.verdict("K-1").outcome == "supplement"


async def test_switches(client: Any, office: Any, tmp_path: Path) -> None:
    """Latency and the hub's whereabouts can be changed while it runs."""
    values = {"latency": 0.001, "hub_url": "http://hub", "hub_certificate": str(tmp_path / "hub.pem")}
    await client.control("POST", "/agency", values)
    state = await client.control("GET", "")
    assert (state["latency"], state["hub_url"], state["down"]) == (0.001, "http://hub", False)
    assert office.hub.path == tmp_path / "hub.pem"


async def test_tick_and_callbacks(client: Any, hub: Any) -> None:
    """Time is let do its work from outside, and its results are shown."""
    await client.apply()
    await client.control("POST", "/tick")
    (kept,) = await client.control("GET", "/callbacks")
    assert (kept["done"], kept["payload"], len(hub.got)) == (True, "<Told>approve</Told>", 1)
