"""Spoilt answers."""

from __future__ import annotations

import pytest

from sandbox.core.damage import HUGE, Answer, malform, spoil_signature
from sandbox.core.rules import Fault
from sandbox.core.xml import NotXml, parse

BODY = b'<s:Envelope xmlns:s="urn:s"><s:Body><o:Done xmlns:o="urn:o">1</o:Done></s:Body></s:Envelope>'
GOOD = Answer(200, BODY, ((b"content-type", b"text/xml"), (b"content-length", b"9")))


def spoilt(form: str) -> Answer:
    """The good answer in a bad form."""
    return malform(GOOD, Fault("malformed", form=form), ["Done", "Undone"])


def test_broken_answer_is_not_xml() -> None:
    """It looks like XML at first."""
    with pytest.raises(NotXml):
        parse(spoilt("broken").body)
    with pytest.raises(NotXml):
        parse(malform(Answer(200, b""), Fault("malformed")).body)


def test_wrong_root_is_xml_of_nobody() -> None:
    """Well-formed, but not a reply."""
    assert parse(spoilt("wrong-root").body).tag == "KhongPhaiPhanHoi"


def test_wrong_operation_is_another_reply() -> None:
    """The envelope is right, the reply is that of another operation."""
    assert parse(spoilt("wrong-operation").body)[-1][0].tag == "{urn:o}Undone"
    assert (
        parse(malform(Answer(200, b"<a/>"), Fault("malformed", form="wrong-operation")).body).tag == "aKhac"
    )


def test_html_page_instead_of_an_answer() -> None:
    """As proxies send it: status 200 and a page."""
    answer = spoilt("html")
    assert dict(answer.headers)[b"content-type"].startswith(b"text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_huge_answer_is_still_announced_rightly() -> None:
    """Only its size is wrong."""
    answer = spoilt("huge")
    assert len(answer.body) == HUGE + len(BODY)
    assert int(dict(answer.headers)[b"content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    ("value", "spoiled"), [(b"QUJD", b"AUJD"), (b"AUJD", b"BUJD"), (b"\n QUJD", b"\n AUJD")]
)
def test_signature_value_is_changed(value: bytes, spoiled: bytes) -> None:
    """One character, always to another one, with or without prefix."""
    for prefix in (b"", b"ds:"):
        body = b"<%bSignatureValue>%b</x>"
        assert spoil_signature(body % (prefix, value)) == body % (prefix, spoiled)
    assert spoil_signature(BODY) == BODY
