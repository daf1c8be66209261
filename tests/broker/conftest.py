"""Fixtures for the middle of the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.broker.rig import Rig, make


@pytest.fixture
async def rig(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Rig]:
    """A hub with fake agencies on SQLite; what it left in the database is sound."""
    rig = make(tmp_path, sqlite_url)
    yield rig
    assert rig.hub.check() == []
    await rig.hub.close()


@pytest.fixture
async def rig_on_both(tmp_path: Path, database_url: str) -> AsyncIterator[Rig]:
    """The same, on SQLite and on PostgreSQL."""
    rig = make(tmp_path, database_url)
    yield rig
    assert rig.hub.check() == []
    await rig.hub.close()
