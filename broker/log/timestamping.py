"""Has the heads of the log time-stamped, and whatever else needs to have existed at a time (RFC 3161).

Off the path of any message: a token is asked for after a head was signed, by a job of its own, and no lock, transaction
or thread of the store is held meanwhile. One token speaks for every entry below its head, so an outage is made good by
the first token after it. Until then what waits is counted, and after `TimeStamping.alarm` a person is told.

Where an outside authority is configured, the one inside the hub only fills the gap: its tokens do not end the wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from cryptography.x509 import Certificate

from adapters.errors import AdapterError
from broker.clock import Clock, NewId
from broker.config.evidence import TimeStamping
from broker.log.authorities import Authority
from broker.model import Message, WorkItem
from broker.store.engine import Store, Tx
from broker.store.rows import StoredCheckpoint, Uncovered
from signing.errors import RevocationUnknown, SignatureInvalid, SigningError
from signing.pki.path import Revocation
from signing.stamps import timestamp
from signing.stamps.timestamp import Stamped

log = structlog.get_logger(__name__)

KIND = "timestamp"
"""Kind of the work items about authorities and missing time-stamps, and operation of the messages about answers."""


class Unstamped(Exception):
    """No authority gave a token that is right; the text says why, one after the other."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A verified token and who gave it."""

    der: bytes
    authority: str
    independent: bool
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """An authority gave no token that is right. ``response`` is what it sent, if anything."""

    authority: str
    reason: str
    outcome: str
    response: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class Lag:
    """How far time-stamps are behind the log: what metrics and the command line show."""

    entries: int
    """Entries that no time-stamp speaks for."""
    since: datetime | None
    """When the oldest of them was made."""
    seconds: float
    """How long ago that is."""
    alarm_in: timedelta
    """How long until a person is told; negative after that."""


class Timestamping:
    """Asks authorities in their order until one gives a token that is right."""

    def __init__(
        self,
        store: Store,
        authorities: Sequence[Authority],
        settings: TimeStamping,
        owner: str,
        *,
        clock: Clock,
        new_id: NewId,
        nonce: Callable[[], int],
        revocation: Revocation | None = None,
    ) -> None:
        """``owner`` hears of authorities that fail; ``nonce`` gives 64 random bits for each request.

        ``revocation`` knows of revoked authorities. What it does not know yet stops no token: whoever verifies it has
        the revocation data of later.
        """
        self._store = store
        self._authorities = tuple(authorities)
        self._settings = settings
        self._owner = owner
        self._clock = clock
        self._new_id = new_id
        self._nonce = nonce
        self._revocation = None if revocation is None else _KnownRevoked(revocation)

    @property
    def independent(self) -> bool:
        """Whether an outside authority is configured, so that only its tokens count."""
        return any(authority.independent for authority in self._authorities)

    async def stamp(self, data: bytes) -> bytes:
        """A verified token (TimeStampToken, DER) over ``data``. Raises Unstamped if no authority gives one."""
        return (await self.obtain(data)).der

    async def obtain(self, data: bytes) -> Token:
        """As `stamp`, with who gave it and when. What fails is recorded. Raises Unstamped."""
        token, failures = await self._ask_all(data, self._authorities)
        if failures:
            await self._store.write(lambda tx: self._note(tx, token, failures))
        if token is None:
            raise Unstamped(_reasons(failures) or "no time-stamping authority is configured")
        return token

    async def run(self) -> int | None:
        """Have the newest signed head stamped, unless it is; says its size, None if there was nothing to get.

        Then see whether entries have been waiting for too long. A failure is recorded and not raised: the next run
        tries again, with what is the newest head then.
        """
        head, wanted = await self._store.aread(self._wanted)
        if head is None or not wanted:
            await self._watch()
            return None
        token, failures = await self._ask_all(head.note.encode(), wanted)
        await self._store.write(lambda tx: self._note(tx, token, failures, head.size))
        if failures:
            lag = await self.lag()
            log.warning("entries wait for a time-stamp", entries=lag.entries, alarm_in=str(lag.alarm_in))
        await self._watch()
        return head.size if token else None

    async def lag(self) -> Lag:
        """How far time-stamps are behind the log now."""
        return self._lag(await self._store.aread(self._uncovered))

    def _uncovered(self, tx: Tx) -> Uncovered:
        return tx.timestamps.uncovered(independent=self.independent)

    def _lag(self, found: Uncovered) -> Lag:
        waited = self._clock() - found.since if found.since else timedelta()
        return Lag(found.entries, found.since, waited.total_seconds(), self._settings.alarm - waited)

    def _wanted(self, tx: Tx) -> tuple[StoredCheckpoint | None, tuple[Authority, ...]]:
        """The newest signed head, and the authorities whose token would improve what it has."""
        head = tx.log.last_checkpoint()
        if head is None:
            return None, ()
        best = tx.timestamps.newest(independent=self.independent)
        if best is not None and best.size >= head.size:
            return head, ()
        filled = bool(tx.timestamps.of(head.size))
        return head, tuple(each for each in self._authorities if each.independent or not filled)

    async def _ask_all(
        self, data: bytes, authorities: Sequence[Authority]
    ) -> tuple[Token | None, list[Failure]]:
        failures: list[Failure] = []
        for authority in authorities:
            try:
                return await self._ask(authority, data), failures
            except _FailedError as failed:
                failures.append(failed.failure)
                log.warning("no time-stamp", authority=authority.name, reason=failed.failure.reason)
        return None, failures

    async def _ask(self, authority: Authority, data: bytes) -> Token:
        """One authority's token, verified in another thread. Raises _FailedError."""
        nonce, response = self._nonce(), b""
        query = timestamp.request(hashlib.sha256(data).digest(), nonce=nonce)
        try:
            async with asyncio.timeout(authority.seconds):
                response = await authority.answer(query)
            der, stamped = await asyncio.to_thread(self._verified, authority, response, data, nonce)
        except TimeoutError as error:
            reason = f"no answer within {authority.seconds:g} seconds"
            raise _FailedError(Failure(authority.name, reason, "unavailable")) from error
        except (AdapterError, SigningError) as error:
            raw = response or getattr(error, "raw", None) or b""
            outcome = type(error).__name__.lower()
            raise _FailedError(Failure(authority.name, str(error), outcome, raw)) from error
        return Token(der, authority.name, authority.independent, stamped.at)

    def _verified(
        self, authority: Authority, response: bytes, data: bytes, nonce: int
    ) -> tuple[bytes, Stamped]:
        """The token in an answer, and what it says. Raises SigningError."""
        token = timestamp.read_response(response, digest=hashlib.sha256(data).digest(), nonce=nonce)
        stamped = timestamp.verify(token, data, authority.anchors, revocation=self._revocation)
        off = abs(stamped.at - self._clock())
        if off > self._settings.drift + (stamped.accuracy or timedelta()):
            raise SignatureInvalid(
                f"its time {stamped.at:%Y-%m-%d %H:%M:%S} UTC is not that of the hub's clock"
            )
        return token, stamped

    def _note(
        self, tx: Tx, token: Token | None, failures: Sequence[Failure], size: int | None = None
    ) -> None:
        """Keep the token of the head of ``size``, and what went wrong on the way to it: once, while it lasts."""
        if token is not None and size is not None:
            tx.timestamps.add(size, token.authority, token.at, token.der, independent=token.independent)
        if token is not None:
            _close(tx, token.authority, "the authority gives tokens again")
        for failure in failures:
            if not _open_items(tx, failure.authority):
                self._record(tx, failure)

    def _record(self, tx: Tx, failure: Failure) -> None:
        """A failure that is new: an entry of the log with what the authority sent, and an item for a person."""
        now = self._clock()
        message = Message(
            id=self._new_id(),
            at=now,
            direction="in",
            kind="refused" if failure.response else "failed",
            agency=failure.authority,
            operation=KIND,
            body=failure.response or failure.reason.encode(),
            outcome=failure.outcome,
            content_type=timestamp.REPLY_TYPE if failure.response else "text/plain",
        )
        tx.messages.add(message)
        tx.work.add(
            WorkItem(
                id=f"timestamp:{failure.authority[:20]}:{message.id}"[:64],
                kind=KIND,
                at=now,
                owner=self._owner,
                reason=f"the time-stamping authority {failure.authority} gives no token: {failure.reason}",
                agency=failure.authority,
                message_id=message.id,
            )
        )

    async def _watch(self) -> None:
        """Tell a person if entries have waited for too long; take it back when they wait no more."""
        lag, known = await self._store.aread(
            lambda tx: (self._lag(self._uncovered(tx)), _open_items(tx, None))
        )
        if self._authorities and lag.since is not None and lag.alarm_in < timedelta():
            late = self._late(lag, lag.since)
            log.error("time-stamps are late", entries=lag.entries, since=lag.since)
            await self._store.write(lambda tx: tx.work.add(late))
        elif known:
            await self._store.write(lambda tx: _close(tx, None, "time-stamps have caught up"))

    def _late(self, lag: Lag, since: datetime) -> WorkItem:
        outside = " of an outside authority" if self.independent else ""
        return WorkItem(
            id=f"untimed:{since:%Y%m%dT%H%M%S}",
            kind=KIND,
            at=self._clock(),
            owner=self._owner,
            reason=f"{lag.entries} entries of the log have no time-stamp{outside}, "
            f"the oldest since {since:%Y-%m-%d %H:%M} UTC",
        )


class _KnownRevoked:
    """Refuses what is known to be revoked, and nothing else."""

    def __init__(self, known: Revocation) -> None:
        self._known = known

    def check(self, certificate: Certificate, issuer: Certificate, at: datetime) -> None:
        """Raise Revoked."""
        with contextlib.suppress(RevocationUnknown):
            self._known.check(certificate, issuer, at)


class _FailedError(Exception):
    """An authority failed; carries what is recorded of it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _reasons(failures: Sequence[Failure]) -> str:
    return "; ".join(f"{failure.authority}: {failure.reason}" for failure in failures)


def _open_items(tx: Tx, authority: str | None) -> list[WorkItem]:
    """Open items about one authority, or about none: entries that wait."""
    items = tx.work.list(kind=KIND, limit=200).items
    return [item for item in items if item.agency == authority]


def _close(tx: Tx, authority: str | None, note: str) -> None:
    for item in _open_items(tx, authority):
        tx.work.close(item.id, "hub", note)
