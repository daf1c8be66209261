"""Opening a hub."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from broker.opening import partner_certificates
from broker.store.errors import WrongRevision
from signing.errors import KeyProblem
from tests.broker.rig import Rig, make


async def test_no_database(tmp_path: Path, empty_sqlite_url: str) -> None:
    """A hub makes no database: one that is missing is named."""
    with pytest.raises(WrongRevision):
        make(tmp_path, empty_sqlite_url)


async def test_no_trust(rig: Rig) -> None:
    """A folder of partners' certificates that is missing is named, with the command that makes it."""
    shutil.rmtree(rig.hub.project.path(rig.hub.project.hub.trust))
    with pytest.raises(KeyProblem, match="lienthong keys create"):
        partner_certificates(rig.hub.project)
