"""Data keys for tests: the same for every store of a test, so that they read each other's rows."""

from __future__ import annotations

from datetime import timedelta

from signing.vault import DataKey, Vault
from tests.clock import START

OLD = DataKey.of(bytes(range(32)), START)
NEW = DataKey.of(bytes(range(1, 33)), START + timedelta(days=90))


def vault() -> Vault:
    """A vault with one key."""
    return Vault([OLD])
