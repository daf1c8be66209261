"""Evidence files before the verifier."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from signing.pki import path
from signing.stamps import timestamp
from tests.evidence.reading import Verify, verifier


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Verifies a draft or bytes."""
    return verifier(tmp_path)


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What depends only on its arguments is computed once: the same token and path come back with every flip."""
    monkeypatch.setattr(timestamp, "verify", functools.lru_cache(256)(timestamp.verify))
    monkeypatch.setattr(path, "validate", functools.lru_cache(256)(path.validate))
    monkeypatch.setattr(path, "issued", functools.lru_cache(256)(path.issued))
