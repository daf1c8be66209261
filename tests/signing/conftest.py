"""Evidence files before the verifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.reading import Verify, verifier


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Verifies a draft or bytes."""
    return verifier(tmp_path)
