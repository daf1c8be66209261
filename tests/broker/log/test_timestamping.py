"""Time-stamps on heads of the log: in order, verified, never in the way, made good after an outage."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.errors import Unavailable
from adapters.http import HttpClient
from broker.clock import system_clock
from broker.config.evidence import TimeAuthority, TimeStamping
from broker.log.authorities import Authority, Outside
from broker.log.logbook import Logbook
from broker.log.timestamping import Timestamping, Unstamped
from broker.model import Message, WorkItem
from broker.store.engine import Store
from broker.store.rows import MessageFilter, StoredTimestamp
from lienthong.fake_agency import nowhere
from signing.errors import KeyProblem, RevocationUnknown, Revoked, Untrusted
from signing.keys import FileKey
from signing.log.note import NoteSigner
from signing.pki.path import Revocation
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority
from tests import authorities
from tests.broker.store.samples import message
from tests.clock import START, ManualClock

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = authorities.issue("tsa", KEY, "tsa", KEY, START)
OTHER = authorities.issue("other", OTHER_KEY, "other", OTHER_KEY, START)

Answer = Callable[[bytes], Awaitable[bytes]]


@dataclasses.dataclass
class Scripted:
    """An authority that answers as the test says; well, until it says something."""

    name: str
    clock: Callable[[], Any]
    independent: bool = True
    seconds: float = 30.0
    anchors: Sequence[x509.Certificate] = (CERTIFICATE,)
    behaviour: Answer | None = None
    asked: int = 0

    def right(self, query: bytes) -> bytes:
        """A right answer."""
        return EmbeddedAuthority(FileKey(KEY, [CERTIFICATE]), clock=self.clock).issue(query)

    async def answer(self, query: bytes) -> bytes:
        """What the test wants."""
        self.asked += 1
        return self.right(query) if self.behaviour is None else await self.behaviour(query)


class Scene:
    """A log with its signed heads, and authorities."""

    def __init__(self, store: Store, clock: Callable[[], Any], folder: Path) -> None:
        self.store = store
        self.clock = clock
        self.logbook = Logbook(store, folder, clock, NoteSigner("lienthong.example/test", b"s" * 32))
        self.ids = (f"x{number}" for number in itertools.count())

    def stamping(
        self, *asked: Authority, revocation: Revocation | None = None, **settings: Any
    ) -> Timestamping:
        """Over these authorities."""
        return Timestamping(
            self.store,
            asked,
            TimeStamping(**settings),
            "owner",
            clock=self.clock,
            new_id=lambda: next(self.ids),
            nonce=itertools.count(2**63).__next__,
            revocation=revocation,
        )

    async def signed(self, count: int = 1) -> int:
        """Add messages and sign the head; its size."""
        for _ in range(count):
            each = message(next(self.ids), at=self.clock())
            await self.store.write(lambda tx, each=each: tx.messages.add(each))
        size = await self.logbook.checkpoint()
        assert size is not None
        return size

    def tokens(self) -> list[StoredTimestamp]:
        """All that are kept, oldest first."""
        return list(reversed(self.store.read(lambda tx: tx.timestamps.list()).items))

    def work(self) -> list[WorkItem]:
        """Open items, oldest first."""
        return list(reversed(self.store.read(lambda tx: tx.work.list(kind="timestamp")).items))

    def answers(self) -> list[Message]:
        """What authorities sent that was not right, oldest first."""
        wanted = MessageFilter(operation="timestamp")
        rows = self.store.read(lambda tx: tx.messages.search(wanted)).items
        return [self.store.read(lambda tx, i=row.id: tx.messages.get(i)) for row in reversed(rows)]

    def note(self, size: int) -> bytes:
        """The signed head of that size, as it is kept."""
        found = self.store.read(lambda tx: tx.log.checkpoints())
        return next(each.note for each in found if each.size == size).encode()


@pytest.fixture
def scene(store: Store, clock: ManualClock, tmp_path: Path) -> Scene:
    """On SQLite and on PostgreSQL."""
    return Scene(store, clock, tmp_path)


@pytest.fixture
def good(clock: ManualClock) -> Scripted:
    """An outside authority."""
    return Scripted("ngoai", clock)


def raises(error: Exception) -> Answer:
    """An authority that is away."""

    async def answer(_: bytes) -> bytes:
        raise error

    return answer


DOWN = raises(Unavailable("connection refused"))


async def test_one_token_covers_all_entries_below_the_newest_head(scene: Scene, good: Scripted) -> None:
    """The bytes that are stamped are those of the note; nothing is asked again while the head stands still."""
    stamping = scene.stamping(good)
    assert await stamping.run() is None
    await scene.signed(2)
    size = await scene.signed(3)
    assert await stamping.run() == size
    assert await stamping.run() is None
    (token,) = scene.tokens()
    assert (token.size, token.authority, token.independent, good.asked) == (size, "ngoai", True, 1)
    assert timestamp.verify(token.token, scene.note(size), [CERTIFICATE]).at == token.at
    assert (await stamping.lag()).entries == 0
    assert (scene.work(), scene.answers()) == ([], [])


async def test_a_right_token_makes_no_entry(scene: Scene, good: Scripted) -> None:
    """Or the head would move and be stamped for ever on an idle hub."""
    size = await scene.signed()
    await scene.stamping(good).run()
    assert await scene.logbook.checkpoint() is None
    assert scene.store.read(lambda tx: tx.log.head()).size == size


async def test_the_next_authority_is_asked_if_one_is_away(scene: Scene, good: Scripted) -> None:
    """In their order; what failed is an entry of the log and an item for its owner."""
    first = Scripted("dau", scene.clock, behaviour=DOWN)
    size = await scene.signed()
    assert await scene.stamping(first, good).run() == size
    assert scene.tokens()[0].authority == "ngoai"
    (item,), (entry,) = scene.work(), scene.answers()
    assert (item.agency, item.owner, item.message_id) == ("dau", "owner", entry.id)
    assert "connection refused" in item.reason
    assert (entry.kind, entry.agency, entry.outcome) == ("failed", "dau", "unavailable")


async def test_an_outage_is_recorded_once_and_its_item_closes_itself(scene: Scene, good: Scripted) -> None:
    """However long it lasts; the next outage is a new one."""
    stamping = scene.stamping(good)
    for _ in range(2):
        good.behaviour = DOWN
        await scene.signed()
        for _ in range(3):
            await scene.logbook.checkpoint()
            assert await stamping.run() is None
        assert len(scene.work()) == 1
        good.behaviour = None
        await stamping.run()
        assert scene.work() == []
    assert len(scene.answers()) == 2


async def test_every_authority_down_is_counted_down_alarmed_and_made_good(
    scene: Scene, good: Scripted, clock: ManualClock
) -> None:
    """The lag is told at any time; after the limit an item says how much waits since when; one token ends it."""
    stamping = scene.stamping(good, alarm=timedelta(hours=1))
    good.behaviour = DOWN
    await scene.signed(3)
    since = clock()
    clock.advance(minutes=45)
    await stamping.run()
    lag = await stamping.lag()
    assert (lag.since, lag.seconds, lag.alarm_in) == (since, 45 * 60, timedelta(minutes=15))
    assert [item.agency for item in scene.work()] == ["ngoai"]
    clock.advance(minutes=16)
    for _ in range(2):
        await scene.signed()
        await stamping.run()
    late = [item for item in scene.work() if item.agency is None]
    assert len(late) == 1
    assert "the oldest since 2026-09-01 01:00 UTC" in late[0].reason
    good.behaviour = None
    assert await stamping.run() == scene.store.read(lambda tx: tx.log.head()).size
    assert scene.work() == []
    assert (await stamping.lag()).entries == 0


async def test_the_authority_inside_fills_the_gap_and_does_not_end_it(
    scene: Scene, good: Scripted, clock: ManualClock
) -> None:
    """Its token is kept, and not asked for twice; the outside one is asked until it gives its own."""
    inside = Scripted("trong", clock, independent=False)
    stamping = scene.stamping(good, inside)
    good.behaviour = DOWN
    size = await scene.signed()
    await stamping.run()
    await stamping.run()
    assert [(each.authority, each.independent) for each in scene.tokens()] == [("trong", False)]
    assert (good.asked, inside.asked) == (2, 1)
    assert (await stamping.lag()).entries > 0
    good.behaviour = None
    assert await stamping.run() == size
    assert [each.authority for each in scene.tokens()] == ["trong", "ngoai"]


async def test_without_an_outside_authority_the_one_inside_counts(scene: Scene, clock: ManualClock) -> None:
    """The default set-up is not in a state of alarm."""
    stamping = scene.stamping(Scripted("trong", clock, independent=False))
    await scene.signed()
    await stamping.run()
    assert ((await stamping.lag()).entries, scene.work()) == (0, [])
    assert not scene.tokens()[0].independent


Lie = Callable[[Scripted, bytes], bytes]


def _instead(**values: Any) -> Lie:
    """A right answer to another request."""

    def lie(liar: Scripted, query: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(query).copy()
        for name, value in values.items():
            asked[name] = value
        return liar.right(asked.dump(force=True))

    return lie


def _by(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, late: timedelta = timedelta()) -> Lie:
    """A right answer of somebody else, or of another time."""
    return lambda liar, query: EmbeddedAuthority(
        FileKey(key, [certificate]), clock=lambda: liar.clock() - late
    ).issue(query)


IMPRINT = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x" * 32}
WRONG_USE = authorities.issue("tsa", KEY, "tsa", KEY, START, uses=())
LIES: dict[str, tuple[Lie, str]] = {
    "a token of other bytes": (_instead(message_imprint=IMPRINT), "other bytes"),
    "an old answer": (_instead(nonce=1), "nonce"),
    "a token of a stranger": (_by(OTHER_KEY, OTHER), "no known authority"),
    "a certificate for other uses": (_by(KEY, WRONG_USE), "time-stamps alone"),
    "a clock that is slow": (_by(KEY, CERTIFICATE, timedelta(minutes=6)), "not that of the hub's clock"),
    "a clock that is fast": (_by(KEY, CERTIFICATE, -timedelta(minutes=6)), "not that of the hub's clock"),
    "a changed signature": (lambda liar, query: liar.right(query)[:-1] + b"\x00", "does not match"),
    "half an answer": (lambda liar, query: liar.right(query)[:-9], "DER"),
    "more than an answer": (lambda liar, query: liar.right(query) + b"\x00", "follow"),
    "a page": (lambda liar, query: b"<html>busy</html>", "DER"),
    "nothing": (lambda liar, query: b"", "cut off"),
    "a refusal": (lambda liar, query: liar.right(b"not what was asked"), "bad_data_format"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_authority_that_lies_is_not_believed(
    open_store: Callable[..., Store], sqlite_url: str, clock: ManualClock, tmp_path: Path, lie: str
) -> None:
    """Whatever is wrong with the answer: it is kept as evidence, told to a person, and the next one is asked."""
    scene = Scene(open_store(sqlite_url), clock, tmp_path)
    liar, honest = Scripted("doi", clock), Scripted("that", clock)
    sent: list[bytes] = []
    tell, words = LIES[lie]

    async def answer(query: bytes) -> bytes:
        sent.append(tell(liar, query))
        return sent[-1]

    liar.behaviour = answer
    await scene.signed()
    await scene.stamping(liar, honest).run()
    assert [each.authority for each in scene.tokens()] == ["that"]
    (item,), (entry,) = scene.work(), scene.answers()
    assert (item.agency, words in item.reason) == ("doi", True)
    assert item.reason.endswith(entry.body.decode()) if entry.kind == "failed" else entry.body == sent[0]


class Knows:
    """Says the same about every certificate."""

    def __init__(self, error: Untrusted) -> None:
        self.error = error
        self.asked: list[str] = []

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Raise it."""
        self.asked.append(certificate.subject.rfc4514_string())
        raise self.error


async def test_a_token_of_a_revoked_authority_is_not_taken(scene: Scene) -> None:
    """What is known of it counts; what is not known yet stops no token, and is asked about for later."""
    ca = authorities.issue("ca", OTHER_KEY, "ca", OTHER_KEY, START, authority=True)
    issued = authorities.issue("tsa", KEY, "ca", OTHER_KEY, START)
    authority = Scripted("ngoai", scene.clock, anchors=[ca])
    made = EmbeddedAuthority(FileKey(KEY, [issued]), clock=scene.clock)

    async def answer(query: bytes) -> bytes:
        return made.issue(query)

    authority.behaviour = answer
    size = await scene.signed()
    revoked = Knows(Revoked("revoked since yesterday", since=START, why="superseded"))
    assert await scene.stamping(authority, revocation=revoked).run() is None
    assert "revoked since yesterday" in scene.work()[0].reason
    unknown = Knows(RevocationUnknown("nobody has said"))
    size = await scene.signed()
    assert await scene.stamping(authority, revocation=unknown).run() == size
    assert len(unknown.asked) == 1


async def test_while_an_authority_is_waited_for_messages_are_stored(scene: Scene, good: Scripted) -> None:
    """No lock, transaction or thread of the store is held; what came meanwhile is stamped with the next head."""
    waiting, stored = asyncio.Event(), asyncio.Event()

    async def slow(query: bytes) -> bytes:
        waiting.set()
        await stored.wait()
        return good.right(query)

    good.behaviour = slow
    stamping = scene.stamping(good)
    size = await scene.signed()
    run = asyncio.create_task(stamping.run())
    await waiting.wait()
    assert await scene.signed(20) == size + 20
    stored.set()
    assert await run == size
    assert await stamping.run() == size + 20


async def test_after_an_authority_that_never_answers_the_next_one_is_asked(
    scene: Scene, good: Scripted
) -> None:
    """The time that it may take is its own setting."""

    async def silent(_: bytes) -> bytes:
        return await asyncio.Future()  # type: ignore[no-any-return]

    size = await scene.signed()
    silent_one = Scripted("im", scene.clock, behaviour=silent, seconds=0.01)
    assert await scene.stamping(silent_one, good).run() == size
    assert "no answer within 0.01 seconds" in scene.work()[0].reason


async def test_a_token_is_made_and_verified_in_other_threads(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop, which serves requests, does none of it."""
    threads: set[int] = set()
    verify = timestamp.verify

    def watched(*arguments: Any, **more: Any) -> Any:
        threads.add(threading.get_ident())
        return verify(*arguments, **more)

    monkeypatch.setattr(timestamp, "verify", watched)
    await scene.signed()
    await scene.stamping(Scripted("ngoai", scene.clock)).run()
    assert threads
    assert threading.get_ident() not in threads


async def test_other_data_is_stamped_by_the_same_authorities(scene: Scene, good: Scripted) -> None:
    """What a signature needs to become one with a time; failures are recorded here too."""
    first = Scripted("dau", scene.clock, behaviour=DOWN)
    token = await scene.stamping(first, good).stamp(b"signature value")
    assert timestamp.verify(token, b"signature value", [CERTIFICATE]).at == scene.clock()
    assert scene.tokens() == []
    assert [item.agency for item in scene.work()] == ["dau"]


async def test_without_any_answer_the_caller_is_told_why(scene: Scene, good: Scripted) -> None:
    """Every authority with its reason; and that there is none, if there is none."""
    good.behaviour = raises(KeyProblem("no key"))
    with pytest.raises(Unstamped, match="ngoai: no key"):
        await scene.stamping(good).stamp(b"data")
    with pytest.raises(Unstamped, match="no time-stamping authority"):
        await scene.stamping().stamp(b"data")


async def test_no_authority_is_no_alarm(scene: Scene, clock: ManualClock) -> None:
    """Who configures none does not want to be told of it."""
    await scene.signed()
    clock.advance(hours=9)
    assert await scene.stamping().run() is None
    assert scene.work() == []


@authorities.needs_openssl
async def test_foreign_authorities_over_http(
    open_store: Callable[..., Store], sqlite_url: str, tmp_path: Path
) -> None:
    """OpenSSL's authority behind one that is down and one that refuses, asked as in production."""
    scene = Scene(open_store(sqlite_url, clock=system_clock), system_clock, tmp_path)
    foreign = authorities.Openssl(tmp_path / "tsa")
    refusing = authorities.Openssl(tmp_path / "refusing")
    config = refusing.folder / "tsa.cnf"
    config.write_text(config.read_text().replace("digests = sha256,", "digests ="))
    http = HttpClient(clock=system_clock)
    async with authorities.over_http(foreign.reply) as one, authorities.over_http(refusing.reply) as two:
        urls = {"dau": nowhere(), "giua": two.url, "cuoi": one.url}
        anchors = {"dau": foreign.anchor, "giua": refusing.anchor, "cuoi": foreign.anchor}
        asked = [
            Outside(TimeAuthority(name=name, url=url, certificates=Path("x")), url, [anchors[name]], http)
            for name, url in urls.items()
        ]
        size = await scene.signed()
        assert await scene.stamping(*asked).run() == size
    await http.close()
    (token,) = scene.tokens()
    assert token.authority == "cuoi"
    assert authorities.openssl_verifies(token.token, scene.note(size), foreign.anchor, tmp_path / "check")
    assert {item.agency for item in scene.work()} == {"dau", "giua"}
    assert "bad_alg" in next(item.reason for item in scene.work() if item.agency == "giua")
