"""Paths into canonical documents."""

from __future__ import annotations

from broker.process import paths
from signing.xml import parse

ROOT = parse(b'<A xmlns="urn:lienthong:1.0"><B><C> one\n two </C><D/></B></A>')


def test_a_path_finds_text_with_collapsed_space() -> None:
    """Absent and empty are both None as text; an empty element is still found."""
    assert paths.text(ROOT, "B/C") == "one two"
    assert paths.text(ROOT, "B/D") is None
    assert paths.text(ROOT, "B/X") is None
    assert paths.find(ROOT, "B/D") is not None
