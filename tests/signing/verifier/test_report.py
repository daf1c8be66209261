"""The report as JSON and as a page."""

from __future__ import annotations

import json

from tests.evidence.building import evidence
from tests.evidence.reading import Verify


def test_as_json(verify: Verify) -> None:
    """The JSON form is stable: its names, and one object per finding with its meaning."""
    draft = evidence()
    draft.files["bodies/1.xml"] = b"<x/>"
    said = json.loads(verify(draft).as_json())
    assert (said["version"], said["verdict"], said["exit_code"]) == (1, "wrong", 1)
    assert set(said["files"][0]) == {"file", "readable", "facts", "findings"}
    assert set(said["files"][0]["findings"][0]) == {
        "severity",
        "index",
        "place",
        "text",
        "code",
        "offset",
        "meaning",
    }
    assert said["files"][0]["facts"]["stamped_at"] == "2026-09-01T08:35:00Z"


def test_as_html(verify: Verify) -> None:
    """The page is complete in itself, in both languages, and runs nothing that a file says."""
    page = verify(evidence()).as_html()
    assert "Đã xác minh" in page
    assert "Verified" in page
    assert "src=" not in page
    draft = evidence()
    draft.statement["subject"] = "<script>alert(1)</script>"
    assert "<script" not in verify(draft).as_html()
