"""Moves what older data keys sealed to the newest one, in pieces, beside the hub's other work.

A pass may be stopped at any time: the next one passes over what has moved. After a whole pass nothing needs the older
keys any more, and they can be retired. The people of dossiers are indexed again as well, so that messages are found by
the newest key.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from broker.canonical.document import personal_numbers
from broker.clock import Clock
from broker.store.blobs import BlobFolder
from broker.store.engine import Store, Tx
from broker.store.errors import Missing
from broker.store.resealing import Place
from broker.store.rows import Act
from broker.store.sealing import SEALED
from signing.vault import Vault

log = structlog.get_logger(__name__)

ACT = "reseal"
"""The act that notes a whole pass; its target is the data key."""
_AT_ONCE = 200
_DOSSIERS = 50


class Reseal:
    """Seals rows and attachments again."""

    def __init__(self, store: Store, blobs: BlobFolder, vault: Vault, clock: Clock) -> None:
        """``vault`` is the store's and the folder's own."""
        self._store = store
        self._blobs = blobs
        self._vault = vault
        self._clock = clock

    async def once(self) -> int:
        """`run`, unless a whole pass was made with the newest key before: it reads everything."""
        self._vault.refresh()
        target = f"data key {self._vault.newest}"
        if await self._store.aread(lambda tx: any(act.act == ACT for act in tx.acts.of(target))):
            return 0
        return await self.run()

    async def run(self, who: str = "hub", why: str = "a newer data key") -> int:
        """One pass over everything, with the newest key that there is now; says how many rows and files moved.

        The pass is noted as an act. Raises KeyProblem naming a key that is not there, SealBroken for what was changed,
        StoreUnavailable.
        """
        self._vault.refresh()
        moved = (
            sum([await self._table(table.name) for table in SEALED])
            + await self._numbers()
            + await self._files()
        )
        await self._people()
        done = Act(self._clock(), who, ACT, f"data key {self._vault.newest}", why)
        await self._store.write(lambda tx: tx.acts.add(done))
        log.info("sealed again", key=self._vault.newest, moved=moved)
        return moved

    async def _table(self, name: str) -> int:
        moved, place = await self._piece(name, None)
        while place is not None:
            done, place = await self._piece(name, place)
            moved += done
        return moved

    async def _piece(self, name: str, place: Place | None) -> tuple[int, Place | None]:
        return await self._store.write(lambda tx: tx.resealing.reseal(name, place, _AT_ONCE))

    async def _numbers(self) -> int:
        moved = 0
        while done := await self._store.write(lambda tx: tx.resealing.retag(_AT_ONCE)):
            moved += done
        return moved

    async def _people(self) -> None:
        """Index the people of all dossiers with the newest key, those too that came before there was an index."""
        after: str | None = ""
        while after is not None:
            after = await self._store.write(partial(_index, after=after))

    async def _files(self) -> int:
        moved = 0
        for sha256 in await asyncio.to_thread(lambda: list(self._blobs.names())):
            moved += await asyncio.to_thread(self._file, sha256)
        return moved

    def _file(self, sha256: str) -> bool:
        try:
            if self._blobs.sealed_by(sha256) == self._vault.newest:
                return False
            self._blobs.put([self._blobs.read(sha256)], sha256)
        except Missing:  # erased meanwhile
            return False
        return True


def _index(tx: Tx, after: str) -> str | None:
    """Index the people of some dossiers; gives the place to go on from, None behind the last."""
    found = tx.resealing.declarations(after, _DOSSIERS)
    for _, code, declaration in found:
        tx.people.note_dossier(code, personal_numbers(declaration))
    return found[-1][0] if found else None
