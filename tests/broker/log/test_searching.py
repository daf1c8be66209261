"""Rights, masks, states and acts of those who look into the message log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from broker.config.hub import Client
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from broker.log.asked import wanted
from broker.log.searching import Searching
from broker.rights import Asker, Rights
from broker.store.engine import Store
from broker.store.rows import MessageFilter
from broker.store.verifications import Verification
from signing.log.merkle import Frontier
from signing.log.note import Checkpoint, NoteSigner, sign_checkpoint
from tests.broker.store.samples import message
from tests.clock import START, ManualClock

MOTHER = "001199000123"
SIGNER = NoteSigner("lienthong.example/log", bytes(32))
AUDITOR = Asker("thanh-tra", "CB000007", "khiếu nại 17/2026")
CLIENTS: Mapping[str, Client] = {
    client.id: client
    for client in (
        Client(id="giam-sat", key="k", may=frozenset({"log"})),
        Client(id="kho", key="k", may=frozenset({"bodies"})),
        Client(id="thanh-tra", key="k", may=frozenset({"log", "bodies"})),
        Client(id="cong", key="k"),
    )
}


@pytest.fixture
def searching(store: Store, clock: ManualClock) -> Searching:
    """A log of four messages, the second about a mother, and the service."""
    store.write_sync(
        lambda tx: [
            *(tx.messages.add(message(f"m{n}", officer=MOTHER, purpose="gọi 0912345678")) for n in range(4)),
            tx.people.note("m1", [MOTHER]),
        ]
    )
    return Searching(store, CLIENTS, SIGNER.verifier, clock)


def acts(store: Store) -> list[tuple[str, str, str, str]]:
    """What was kept of who looked: who, act, target, why; newest first."""
    return [(act.who, act.act, act.target, act.why) for act in store.read(lambda tx: tx.acts.latest())]


def sign(store: Store, size: int) -> None:
    """A signed head over the first entries."""
    frontier = Frontier()
    for entry in store.read(lambda tx: list(tx.log.entries(0, size))):
        frontier.append(entry.leaf_hash)
    note = sign_checkpoint(Checkpoint(SIGNER.name, size, frontier.root), SIGNER)
    store.write_sync(lambda tx: tx.log.add_checkpoint(note, size, START))


async def ask(searching: Searching, asker: Asker, what: str) -> Any:
    """One of the questions, by name."""
    match what:
        case "search":
            return await searching.search(asker, MessageFilter())
        case "message":
            return await searching.message(asker, "m1")
        case "verification":
            return await searching.message(asker, "m1", inspected=True)
        case "verifications":
            return await searching.verifications(asker)
        case _:
            return await searching.body(asker, "m1")


@pytest.mark.parametrize("what", ["search", "message", "verification", "verifications", "body"])
@pytest.mark.parametrize("client", ["giam-sat", "kho", "thanh-tra", "cong", "nobody"])
async def test_rights(searching: Searching, store: Store, client: str, what: str) -> None:
    """Each right opens its own questions and no others; what was refused is kept with who asked."""
    may = {"giam-sat": {"log"}, "kho": {"bodies"}, "thanh-tra": {"log", "bodies"}}.get(client, set())
    asker = Asker(client, "CB000007", "thanh tra")
    if ("bodies" if what == "body" else "log") in may:
        assert await ask(searching, asker, what)
        assert not [act for act in acts(store) if act[1] == "denied"]
        return
    with pytest.raises(Forbidden):
        await ask(searching, asker, what)
    [(who, act, target, why)] = acts(store)
    assert (who, act, why) == (f"CB000007 ({client})", "denied", "thanh tra")
    assert target


async def test_who_hammers_does_not_fill_the_log(
    searching: Searching, store: Store, clock: ManualClock
) -> None:
    """Refusals beyond thirty a minute of one client are no acts any more; the next minute begins anew."""
    for _ in range(35):
        with pytest.raises(Forbidden):
            await searching.search(Asker("cong"), MessageFilter())
    assert len(acts(store)) == 30
    clock.advance(seconds=60)
    with pytest.raises(Forbidden):
        await searching.search(Asker("cong"), MessageFilter())
    assert len(acts(store)) == 31


@pytest.mark.parametrize(("officer", "purpose"), [(None, "x"), ("CB1", None), ("CB1", "  "), ("", "")])
async def test_bodies_want_officer_and_purpose(
    searching: Searching, store: Store, officer: str | None, purpose: str | None
) -> None:
    """Without either nothing is given out, and each is named."""
    with pytest.raises(Invalid) as caught:
        await searching.body(Asker("thanh-tra", officer, purpose), "m1")
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"X-Officer"} - ({"X-Officer"} if officer else set()) | (
        set() if (purpose or "").strip() else {"X-Purpose"}
    )
    assert acts(store) == []


async def test_a_body_leaves_after_the_act(searching: Searching, store: Store) -> None:
    """The bytes come as they were logged, with who looked and why on record first."""
    body = await searching.body(AUDITOR, "m1")
    assert body.content == message("m1").body
    assert acts(store) == [("CB000007 (thanh-tra)", "reveal", "message m1", "khiếu nại 17/2026")]


async def test_no_act_no_body(searching: Searching, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the look cannot be kept, the body stays where it is."""
    read: list[str] = []
    monkeypatch.setattr(Searching, "_there", lambda *_: read.append("read"))

    async def broken(*_: object) -> None:
        assert read == ["read"]  # that it is there, which is asked before
        raise HubError([])

    monkeypatch.setattr(Rights, "note", broken)
    with pytest.raises(HubError):
        await searching.body(AUDITOR, "m1")
    assert read == ["read"]


async def test_what_is_not_there(searching: Searching, store: Store) -> None:
    """An unknown message, an erased body and one that was tampered with are told apart in words; none is given out."""
    with pytest.raises(NotFound, match="No such message"):
        await searching.body(AUDITOR, "nothing")
    with pytest.raises(NotFound, match="No such message"):
        await searching.message(AUDITOR, "nothing")
    later = START + timedelta(days=1)
    store.write_sync(lambda tx: tx.erasure.bodies(later, later, 1))
    with pytest.raises(NotFound, match="erased"):
        await searching.body(AUDITOR, "m0")
    with store._writing.begin() as conn:
        conn.execute(
            text("UPDATE messages SET body = (SELECT body FROM messages WHERE id = 'm2') WHERE id = 'm1'")
        )
    with pytest.raises(Conflict, match="not what was logged"):
        await searching.body(AUDITOR, "m1")


async def test_texts_are_masked(searching: Searching) -> None:
    """Numbers in texts are hidden as everywhere; ids, codes and hashes stay."""
    page = await searching.search(Asker("giam-sat"), MessageFilter(id="m1"))
    [hit] = page["messages"]
    assert MOTHER not in repr(page)
    assert "0912345678" not in repr(page)
    assert (hit["id"], hit["entry"], len(hit["leaf_hash"])) == ("m1", 1, 64)
    assert "body" not in hit


async def test_a_search_for_a_citizen_is_kept(searching: Searching, store: Store) -> None:
    """Who looked for whom, the number masked; a search for anything else is not."""
    await searching.search(AUDITOR, MessageFilter(agency="hotich"))
    assert acts(store) == []
    found = await searching.search(AUDITOR, wanted({}, citizen=MOTHER))
    assert [hit["id"] for hit in found["messages"]] == ["m1"]
    [(who, act, target, why)] = acts(store)
    assert (who, act, why) == ("CB000007 (thanh-tra)", "search", "khiếu nại 17/2026")
    assert "0011*****123" in target


async def test_pages(searching: Searching) -> None:
    """``next`` leads on until there is nothing more; what no page gave is a problem at its name."""
    first = await searching.search(AUDITOR, MessageFilter(), limit=3)
    rest = await searching.search(AUDITOR, MessageFilter(), limit=3, after=first["next"])
    assert [hit["id"] for hit in first["messages"] + rest["messages"]] == ["m3", "m2", "m1", "m0"]
    assert rest["next"] is None
    for question in (
        searching.search(AUDITOR, MessageFilter(), after="x"),
        searching.verifications(AUDITOR, after="x"),
    ):
        with pytest.raises(Invalid) as caught:
            await question
        assert caught.value.problems[0].field == "after"


async def test_states(searching: Searching, store: Store) -> None:
    """Pending, signed, stamped, verified, broken: each hit says how far it is proven."""

    async def states() -> list[str]:
        page = await searching.search(AUDITOR, MessageFilter())
        return [hit["state"] for hit in page["messages"]][::-1]

    sign(store, 3)
    assert await states() == ["signed", "signed", "signed", "pending"]
    with store._writing.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO log_timestamps (size, authority, independent, at, token) "
                "SELECT 2, 'a', false, at, leaf FROM messages WHERE idx = 0"
            )
        )
    assert await states() == ["stamped", "stamped", "signed", "pending"]
    good = Verification(START, 1, True, 0, "note")
    store.write_sync(lambda tx: tx.verifications.add(good, {}))
    assert await states() == ["verified", "stamped", "signed", "pending"]
    bad = Verification(START + timedelta(days=1), 4, False, 1, "note")
    store.write_sync(lambda tx: tx.verifications.add(bad, {(2, "body"): "changed"}))
    assert await states() == ["stamped", "stamped", "broken", "pending"]
    told = await searching.verifications(AUDITOR)
    assert [one["ok"] for one in told["verifications"]] == [False, True]


async def test_verified_now(searching: Searching, store: Store) -> None:
    """One message is held against the newest head: in it, not covered yet, erased with a word."""
    sign(store, 3)
    found = await searching.message(AUDITOR, "m1", inspected=True)
    assert (found["ok"], found["state"], found["checkpoint"], found["findings"]) == (True, "signed", 3, [])
    found = await searching.message(AUDITOR, "m3", inspected=True)
    assert (found["ok"], found["state"], found["checkpoint"]) == (True, "pending", None)
    later = START + timedelta(days=1)

    def erase(tx: Any) -> None:
        entries = tx.erasure.bodies(later, later, 1)
        said = b'{"entries": %s}' % str(entries).encode()
        tx.messages.add(message("said", kind="erasure", at=later, body=said))

    store.write_sync(erase)
    found = await searching.message(AUDITOR, "m0", inspected=True)
    assert found["ok"], found["findings"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("agency = 'khac'", "agency"),
        ("body = salt", "body"),
        ("body = NULL, salt = NULL", "no entry says who erased it"),
        ("leaf_hash = salt", "stored hash"),
        ("leaf = (SELECT leaf FROM messages WHERE idx = 0)", "not in the tree"),
    ],
)
async def test_what_is_broken_now(searching: Searching, store: Store, change: str, told: str) -> None:
    """A change in the database is found at once, whatever the last verification of the log said."""
    sign(store, 4)
    store.write_sync(lambda tx: tx.verifications.add(Verification(START, 4, True, 0, "note"), {}))
    with store._writing.begin() as conn:
        conn.execute(text(f"UPDATE messages SET {change} WHERE idx = 1"))
    found = await searching.message(AUDITOR, "m1", inspected=True)
    assert (found["ok"], found["state"]) == (False, "broken")
    assert any(told in one["finding"] for one in found["findings"])
