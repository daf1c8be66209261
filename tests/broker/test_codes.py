"""Codes of linked dossiers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from broker.codes import DossierCodes
from broker.store.engine import Store
from tests.clock import ManualClock

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


async def test_each_once(database_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """Two processes give out codes at one time, over the end of a block: none comes twice."""
    both = [DossierCodes(open_store(database_url), "G22.99.08", ZONE) for _ in range(2)]
    codes = await asyncio.gather(*(one.next(clock()) for one in both for _ in range(60)))
    assert len(set(codes)) == 120
    assert min(codes) == "G22.99.08-260901-000001"


async def test_new_day(sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """Numbers begin anew at midnight in Hà Nội."""
    codes = DossierCodes(open_store(sqlite_url), "G22.99.08", ZONE)
    clock.advance(hours=15, minutes=59)
    assert await codes.next(clock()) == "G22.99.08-260901-000001"
    clock.advance(minutes=1)
    assert await codes.next(clock()) == "G22.99.08-260902-000001"


async def test_restart(sqlite_url: str, open_store: Callable[..., Store], clock: ManualClock) -> None:
    """After a restart no code of before is given again."""
    store = open_store(sqlite_url)
    first = await DossierCodes(store, "G22.99.08", ZONE).next(clock())
    second = await DossierCodes(store, "G22.99.08", ZONE).next(clock())
    assert first < second
