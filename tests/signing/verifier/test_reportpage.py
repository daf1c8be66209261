"""The page of a report."""

from __future__ import annotations

import pytest

from signing import xml
from signing.verifier.anchors import Anchors
from tests.evidence.building import archive, evidence
from tests.evidence.reading import Verify


def test_complete(verify: Verify) -> None:
    """It stands alone, in both languages, without scripts."""
    page = verify(evidence((0, 1))).as_html()
    for text in ("Báo cáo xác minh", "Verification of evidence", "Đã xác minh", "Người ký", "XAdES"):
        assert text in page
    for text in ("<script", "src=", "href=", "url("):
        assert text not in page


@pytest.mark.parametrize("kind", ["evidence", "archive"])
def test_well_formed(verify: Verify, kind: str) -> None:
    """What a file says is text in it, never markup."""
    draft = {"evidence": evidence, "archive": archive}[kind]()
    draft.statement["subject"] = '"><script>alert(1)</script>&'
    draft.files["bodies/77.xml"] = b""
    page = verify(draft).as_html()
    assert "<script" not in page
    body = page[page.index("<body>") : page.index("</html>")]
    assert xml.parse(body.replace("<br>", "<br/>").encode()).tag == "body"


def test_verdicts(verify: Verify) -> None:
    """Each verdict is said in words in both languages."""
    assert "Chưa được chứng minh đầy đủ" in verify(evidence(), Anchors()).as_html()
    draft = evidence()
    draft.files["bodies/1.xml"] = b"<x/>"
    page = verify(draft).as_html()
    assert "Sai: có ít nhất một điều" in page
    assert "bodies/1.xml" in page
