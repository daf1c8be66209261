from __future__ import annotations

from tests.broker.web.serving import Caller


def test_the_page_needs_nothing_from_elsewhere(call: Caller) -> None:
    """The description is readable in a closed network: no scripts, no foreign addresses, every operation."""
    heard = call("GET", "/api/docs", key=None)
    page = heard.body.decode()
    assert heard.headers["content-type"].startswith("text/html")
    assert "script" not in page
    assert "//" not in page.replace("https://hub.test", "").replace("urn:", "")
    assert "POST /api/v1/dossiers" in page
    assert "&lt;SubmitRequest" in page
    assert "default-src 'none'; style-src" in heard.headers["content-security-policy"]
