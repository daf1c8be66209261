"""Erases what is no longer needed, by class and by order, and leaves the log verifiable.

A dossier is erased as a whole: its documents, the bodies of its messages, its deliveries, its texts, the attachments
that no other dossier names. Each erasure is an act with a name and a reason, and an entry of the message log that lists
the entries whose bodies went. A dossier on hold is left alone by everybody.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import structlog

from broker.clock import Clock, NewId
from broker.config.retention import Kept
from broker.config.retention import Retention as Classes
from broker.model import Dossier, Message
from broker.store.blobs import BlobFolder
from broker.store.engine import Store, Tx
from broker.store.erasure import ERASURE
from broker.store.errors import Conflict, Held
from broker.store.rows import Act

log = structlog.get_logger(__name__)

HUB = "hub"
"""Who erases when the time is over."""
_AT_ONCE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Erased:
    """How much one run erased, by class."""

    dossiers: int = 0
    messages: int = 0
    attachments: int = 0
    answers: int = 0
    lookups: int = 0
    certificates: int = 0
    drafts: int = 0
    runs: int = 0


class Retention:
    """Erases by class and by order."""

    def __init__(
        self, store: Store, blobs: BlobFolder, classes: Classes, clock: Clock, new_id: NewId
    ) -> None:
        """``classes`` say how long what is kept."""
        self._store = store
        self._blobs = blobs
        self._classes = classes
        self._clock = clock
        self._new_id = new_id

    async def run(self) -> Erased:
        """Erase all whose time is over, a piece at a time. Raises StoreUnavailable; what was done stays done."""
        classes = self._classes
        erased = Erased(
            dossiers=await self._dossiers(),
            messages=await self._messages(),
            attachments=await self._attachments(self._before(classes.attachments)),
            answers=await self._store.write(lambda tx: tx.erasure.answers(self._before(classes.intake))),
            lookups=await self._pieces(lambda tx: tx.lookups.purge(self._before(classes.lookups), _AT_ONCE)),
            certificates=await self._pieces(
                lambda tx: tx.certificates.purge(self._before(classes.certificates), _AT_ONCE)
            ),
            drafts=await self._pieces(lambda tx: tx.drafts.purge(self._before(classes.drafts), _AT_ONCE)),
            runs=await self._store.write(lambda tx: tx.erasure.runs(self._before(classes.runs))),
        )
        await self._store.write(lambda tx: tx.sessions.purge())
        if erased != Erased():
            log.info("erased", **dataclasses.asdict(erased))
        return erased

    async def erase(self, dossier: Dossier, who: str, why: str) -> int:
        """Erase one dossier now, by order; says how many message bodies went.

        Raises Held for a dossier on hold, Conflict for one that is not settled or of which something is on the wire.
        """

        def order(tx: Tx) -> tuple[int, Sequence[str]]:
            tx.dossiers.lock(dossier.id)
            if (reason := tx.erasure.hold(dossier.id)) is not None:
                raise Held(f"dossier {dossier.code} is on hold: {reason}")
            if not tx.erasure.ended(dossier.id):
                raise Conflict(f"dossier {dossier.code} is not settled: let it end, or withdraw it first")
            tx.deliveries.cancel_all(dossier.id, self._clock(), why)
            files = tx.blobs.used_by(dossier.code)
            return self._erase(tx, dossier, who, why), files

        bodies, files = await self._store.write(order)
        await self._attachments(None, among=files)
        return bodies

    async def hold(self, dossier: Dossier, who: str, why: str) -> None:
        """Keep a dossier from erasure until it is released."""
        await self._store.write(lambda tx: self._hold(tx, dossier, "hold", who, why))

    async def release(self, dossier: Dossier, who: str, why: str) -> None:
        """Let a dossier be erased again when its time is over."""
        await self._store.write(lambda tx: self._hold(tx, dossier, "release", who, why))

    def _hold(self, tx: Tx, dossier: Dossier, act: str, who: str, why: str) -> None:
        tx.erasure.set_hold(dossier.id, why if act == "hold" else None)
        tx.acts.add(Act(self._clock(), who, act, dossier.code, why))

    async def _dossiers(self) -> int:
        why, total = f"retention: {self._classes.dossiers.basis}", 0
        while True:
            before = self._before(self._classes.dossiers)
            ready = await self._store.aread(lambda tx, b=before: tx.erasure.settled(b, _AT_ONCE))  # type: ignore[misc]
            erased = [await self._store.write(self._due(dossier_id, why)) for dossier_id in ready]
            total += sum(erased)
            if len(ready) < _AT_ONCE or not any(erased):
                return total

    def _due(self, dossier_id: str, why: str) -> Callable[[Tx], bool]:
        """Erase a dossier whose time is over, unless it changed or was held since."""

        def unit(tx: Tx) -> bool:
            dossier = tx.dossiers.lock(dossier_id)
            before = self._before(self._classes.dossiers)
            if not tx.erasure.is_settled(dossier_id, before):
                return False
            self._erase(tx, dossier, HUB, why)
            return True

        return unit

    def _erase(self, tx: Tx, dossier: Dossier, who: str, why: str) -> int:
        now = self._clock()
        entries = tx.erasure.dossier(dossier.id, dossier.code, now, who)
        tx.messages.add(self._entry(now, entries, who, why, dossier.code))
        tx.acts.add(Act(now, who, "erase", dossier.code, why))
        return len(entries)

    async def _messages(self) -> int:
        why, before = f"retention: {self._classes.messages.basis}", self._before(self._classes.messages)

        def piece(tx: Tx) -> int:
            now = self._clock()
            entries = tx.erasure.bodies(before, now, _AT_ONCE)
            if entries:
                tx.messages.add(self._entry(now, entries, HUB, why, None))
                tx.acts.add(Act(now, HUB, "erase", f"{len(entries)} messages", why))
            return len(entries)

        erased = await self._pieces(piece)
        await self._pieces(lambda tx: tx.erasure.payloads(before, _AT_ONCE))
        return erased

    async def _attachments(self, before: datetime | None, *, among: Collection[str] | None = None) -> int:
        """Erase files that no dossier names. File and row go together: whoever hands one over meanwhile writes both."""

        def piece(tx: Tx) -> int:
            found = tx.blobs.unused(before, _AT_ONCE, among=among)
            for sha256 in found:
                self._blobs.erase(sha256)
                tx.blobs.forget(sha256)
            return len(found)

        return await self._pieces(piece)

    async def _pieces(self, piece: Callable[[Tx], int]) -> int:
        """Repeat until a piece is not full; others get their turn in between."""
        total = 0
        while done := await self._store.write(piece):
            total += done
            if done < _AT_ONCE:
                break
            await asyncio.sleep(0)
        return total

    def _before(self, kept: Kept) -> datetime:
        return self._clock() - kept.keep

    def _entry(
        self, at: datetime, entries: Sequence[int], who: str, why: str, dossier: str | None
    ) -> Message:
        """The log entry that says which bodies went: officer and purpose of its leaf say who and why."""
        return Message(
            id=self._new_id(),
            at=at,
            direction="in",
            kind=ERASURE,
            agency=HUB,
            operation="erase",
            body=json.dumps({"entries": list(entries)}).encode(),
            content_type="application/json",
            dossier=dossier,
            officer=who,
            purpose=why,
        )
