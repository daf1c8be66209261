"""Evidence files and archives before the EU's library: container, signature, time-stamp and revocation data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.building import STAMPED, Draft, archive, evidence, trust_folder
from tests.foreign.conftest import Judge

LATER = STAMPED.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("make", [evidence, archive], ids=["evidence", "archive"])
def test_the_european_library_agrees(make: Callable[[], Draft], java: Judge, tmp_path: Path) -> None:
    """It finds the level that we state, a valid time-stamp, and nothing to object to."""
    trusted = trust_folder(tmp_path / "trust")
    path = tmp_path / "evidence.asice"
    path.write_bytes(make().sealed())
    verdict = java.ask("xades-verify", path, f"{trusted / 'ca.pem'},{trusted / 'tsa/tsa.pem'}", LATER)
    assert verdict.startswith("XAdES-BASELINE-LT TOTAL_PASSED"), verdict
    assert "timestamp PASSED" in verdict
