"""Codes of linked dossiers: ``G22.99.08-yyMMdd-NNNNNN`` (domain: dossier code and receipt).

Numbers are taken from the database in blocks, so that a code is known before the dossier's transaction begins and costs
no transaction of its own. What is left of a block when the hub stops is never used: codes need not be dense.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from zoneinfo import ZoneInfo

from broker.store.engine import Store

_BLOCK = 50


class DossierCodes:
    """Gives out codes, each once, however many processes do."""

    def __init__(self, store: Store, prefix: str, zone: ZoneInfo) -> None:
        """``prefix`` names the issuing body, such as ``G22.99.08``; days begin at midnight in ``zone``."""
        self._store = store
        self._prefix = prefix
        self._zone = zone
        self._lock = asyncio.Lock()
        self._day: date | None = None
        self._next = 0
        self._end = 0

    async def next(self, now: datetime) -> str:
        """A code of today that nobody has."""
        day = now.astimezone(self._zone).date()
        async with self._lock:
            if self._day != day or self._next == self._end:
                block = await self._store.write(lambda tx: tx.dossiers.next_number(self._prefix, day))
                self._day, self._next, self._end = day, (block - 1) * _BLOCK + 1, block * _BLOCK + 1
            number = self._next
            self._next += 1
        return f"{self._prefix}-{day:%y%m%d}-{number:06d}"
