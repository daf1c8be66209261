"""The measured log is a real one: what is built in bulk verifies and proves as what the hub writes."""

from __future__ import annotations

from pathlib import Path

from bench import log


def test_a_small_log_is_built_proven_and_verified(tmp_path: Path) -> None:
    """Every figure is there, the proofs are right, and nothing is found."""
    figures = log.run(tmp_path, 1100)
    assert figures["verified"], figures["findings"]
    for kind in ("inclusion", "consistency"):
        assert 0 < figures[kind]["max_bytes"] <= 32 * 12
    said = log.text(figures)
    assert "1,100 entries" in said
    assert "verified     True" in said
