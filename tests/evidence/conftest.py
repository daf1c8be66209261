"""Evidence files that are verified thousands of times."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from signing import path, timestamp
from signing.audit import Report, verify_file
from tests.evidence import building

Verify = Callable[[bytes], Report]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Verifies the bytes of a file with the anchors of `building`."""
    file = tmp_path / "evidence.asice"

    def verified(data: bytes) -> Report:
        file.write_bytes(data)
        return verify_file(file, building.anchors())

    return verified


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends only on its arguments is computed once: the same token and path come back with every flip."""
    monkeypatch.setattr(timestamp, "verify", functools.lru_cache(256)(timestamp.verify))
    monkeypatch.setattr(path, "validate", functools.lru_cache(256)(path.validate))
    monkeypatch.setattr(path, "issued", functools.lru_cache(256)(path.issued))
