"""Results pushed to the hub."""

from __future__ import annotations

from typing import Any

from sandbox import ManualClock


async def test_result_is_pushed_once(client: Any, office: Any, hub: Any) -> None:
    """What was acknowledged is not sent again."""
    await client.apply()
    await office.tick()
    await office.tick()
    assert [body[:20] for body in hub.got] == [b"<Told>approve</Told>"]
    (kept,) = office.callbacks.all()
    assert (kept.done, kept.attempts, kept.key) == (True, 1, "K-1")


async def test_refused_result_is_pushed_again_later(
    client: Any, office: Any, hub: Any, clock: ManualClock
) -> None:
    """After the pause between attempts, until the hub takes it."""
    hub.status = 503
    await client.apply()
    await office.tick()
    await office.tick()
    assert len(hub.got) == 1
    hub.status = 200
    clock.advance(seconds=2)
    assert await office.callbacks.deliver() == 1
    assert office.callbacks.all()[0].attempts == 2


async def test_hub_that_is_away_costs_nothing(client: Any, office: Any, hub: Any, clock: ManualClock) -> None:
    """Without an address, or with nobody there, the result stays promised."""
    office.hub_url = None
    await client.apply()
    await office.tick()
    office.hub_url = "http://127.0.0.1:1"
    clock.advance(seconds=2)
    await office.tick()
    (kept,) = office.callbacks.all()
    assert (kept.done, kept.attempts, hub.got) == (False, 2, [])
    assert "Connect" in kept.last


async def test_duplicate_callback(client: Any, office: Any, hub: Any) -> None:
    """On demand a result is sent twice."""
    office.faults.add({"match": {"operation": "Told"}, "fault": {"kind": "duplicate-callback"}, "times": 1})
    await client.apply()
    await office.tick()
    assert len(hub.got) == 2
    assert hub.got[0] == hub.got[1]


async def test_wrong_signature(client: Any, office: Any, hub: Any) -> None:
    """On demand the signature value is spoilt; content is matched before envelope and signature."""
    match = {"operation": "Told", "contains": "approve"}
    office.faults.add({"match": match, "fault": {"kind": "wrong-signature"}, "times": 1})
    await client.apply()
    await office.tick()
    assert hub.got[0].endswith(b"<SignatureValue>BAAA</SignatureValue>")


async def test_results_keep_their_order(client: Any, office: Any, hub: Any) -> None:
    """First promised, first sent."""
    office.decisions.add({"match": {"contains": "Hai"}, "outcome": "reject"})
    await client.apply("K-1", "Một")
    await client.apply("K-2", "Hai")
    await office.tick()
    assert [b"approve" in body for body in hub.got] == [True, False]
