"""Shows every new head of the log to the witnesses, and keeps what they sign.

Off the path of any message: a witness that is away delays nothing, and is asked again at the next run for everything
that came meanwhile. A witness that refuses because the log contradicts what it remembers is an alarm: either the log
was rewritten or restored from an older copy, or the witness is not the one that it was.

Standard: C2SP tlog-witness v1 (https://c2sp.org/tlog-witness).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from adapters.errors import AdapterError
from adapters.http import HttpClient, HttpReply
from broker.clock import Clock
from broker.config.evidence import Witness
from broker.model import WorkItem
from broker.store.engine import Store, Tx
from broker.store.rows import StoredCheckpoint
from signing.errors import SignatureInvalid
from signing.log.cosignature import CosignatureVerifier, Cosigned, cosignatures, with_lines
from signing.log.witness import AddCheckpoint

log = structlog.get_logger(__name__)

_SECONDS = 10.0
_LIMIT = 16 * 1024
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class Contradiction(Exception):
    """The log is not the one that the witness remembers."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Conflict(Exception):
    """The witness remembers a head of another size than we thought."""

    known: int


class Unwitnessed(Exception):
    """The witness gave no co-signature; the text says why, and another try may help."""


class Witnessing:
    """The log's side of its witnesses."""

    def __init__(
        self, store: Store, http: HttpClient, witnesses: Sequence[Witness], owner: str, clock: Clock
    ) -> None:
        """``owner`` is who hears of a contradiction, or of a witness that has been silent for too long."""
        self._store = store
        self._http = http
        self._witnesses = [(witness, CosignatureVerifier.from_vkey(witness.key)) for witness in witnesses]
        self._owner = owner
        self._clock = clock

    async def run(self) -> int:
        """Show the newest head to every witness that has not signed it; says how many have signed it now."""
        newest = await self._store.aread(lambda tx: tx.log.last_checkpoint())
        if newest is None:
            return 0
        return sum([await self._shown(*each, newest) for each in self._witnesses])

    async def _shown(self, witness: Witness, verifier: CosignatureVerifier, newest: StoredCheckpoint) -> bool:
        seen = await self._store.aread(lambda tx: tx.cosignatures.seen(witness.name))
        if seen >= newest.size:
            return False
        try:
            given = await self._sign(witness, verifier, newest, seen)
        except Contradiction as error:
            log.error("the log contradicts a witness", witness=witness.name, reason=str(error))
            await self._alarm(witness, "contradiction", f"the log contradicts {witness.name}: {error}")
            return False
        except (Unwitnessed, AdapterError) as error:
            log.warning("witness did not sign", witness=witness.name, reason=str(error))
            await self._silent(witness, seen, str(error))
            return False
        await self._store.write(
            lambda tx: tx.cosignatures.add(newest.size, witness.name, given.at, given.line)
        )
        return True

    async def _sign(
        self, witness: Witness, verifier: CosignatureVerifier, newest: StoredCheckpoint, seen: int
    ) -> Cosigned:
        """The co-signature of the newest head; proven once more from what the witness knows, if that differs."""
        try:
            return await self._ask(witness, verifier, newest, seen)
        except _Conflict as conflict:
            known = conflict.known
        if known > newest.size or known == seen:
            raise Contradiction(f"it has seen {known} entries, the last signed head has {newest.size}")
        try:
            return await self._ask(witness, verifier, newest, known)
        except _Conflict as again:
            raise Unwitnessed(f"it has seen {known} entries, then {again.known}") from again

    async def _ask(
        self, witness: Witness, verifier: CosignatureVerifier, newest: StoredCheckpoint, old: int
    ) -> Cosigned:
        path = await self._store.aread(lambda tx: tx.log.consistency(old, newest.size))
        reply = await self._http.request(
            "POST",
            f"{witness.url.rstrip('/')}/add-checkpoint",
            body=AddCheckpoint(old, tuple(path), newest.note).text.encode(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout_seconds=_SECONDS,
            limit=_LIMIT,
            safe=True,
        )
        if reply.status != 200:
            _raise_for(reply)
        return _signature(reply, verifier, newest)

    async def _silent(self, witness: Witness, seen: int, reason: str) -> None:
        """Tell a person once a day if entries have waited for this witness for longer than it may take."""
        now = self._clock()
        waiting = await self._store.aread(lambda tx: tx.log.first_checkpoint_after(seen))
        if waiting is not None and now - waiting.at > witness.alarm:
            hours = (now - waiting.at) // timedelta(hours=1)
            await self._alarm(
                witness, "silent", f"{witness.name} has signed nothing for {hours} hours: {reason}"
            )

    async def _alarm(self, witness: Witness, what: str, reason: str) -> None:
        item = _item(witness, what, reason, self._owner, self._clock())

        def add(tx: Tx) -> None:
            tx.work.add(item)

        await self._store.write(add)


def _item(witness: Witness, what: str, reason: str, owner: str, now: datetime) -> WorkItem:
    """One a day, however often it is seen."""
    return WorkItem(
        id=f"witness:{witness.name}:{what}:{now:%Y-%m-%d}"[:64],
        kind="witness",
        at=now,
        owner=owner,
        reason=reason,
    )


def _raise_for(reply: HttpReply) -> None:
    said = reply.body[:200].decode("utf-8", "replace").strip()
    if reply.status == 409 and (size := _SIZE.fullmatch(reply.body)):
        raise _Conflict(int(size[1]))
    if reply.status in (409, 422):
        raise Contradiction(said)
    raise Unwitnessed(f"it answers {reply.status}: {said}")


def _signature(reply: HttpReply, verifier: CosignatureVerifier, newest: StoredCheckpoint) -> Cosigned:
    """The witness's line for this head; what else it says is not kept."""
    try:
        lines = reply.body.decode().splitlines()
        found = cosignatures(with_lines(newest.note, lines), [verifier])
    except (UnicodeDecodeError, SignatureInvalid) as error:
        raise Unwitnessed(f"its signature is not valid: {error}") from error
    if not found:
        raise Unwitnessed("its answer is not signed by the key in config/hub.yaml")
    return found[0]
