"""Opening a hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.store.errors import WrongRevision
from tests.broker.rig import make


async def test_no_database(tmp_path: Path, empty_sqlite_url: str) -> None:
    """A hub makes no database: one that is missing is named."""
    with pytest.raises(WrongRevision):
        make(tmp_path, empty_sqlite_url)
