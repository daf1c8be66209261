"""WS-Addressing headers."""

from __future__ import annotations

import pytest

from sandbox.core.soap import SoapFault
from sandbox.cutru.addressing import WSA, Addressing, build, read

ASKED = Addressing("urn:do", "urn:uuid:1", "http://here.invalid/")


def test_what_is_built_is_read() -> None:
    """Both directions agree."""
    assert read(build(ASKED)) == ASKED


def test_an_answer_names_the_request_and_has_no_reply_address() -> None:
    """RelatesTo instead of ReplyTo."""
    blocks = build(Addressing("urn:done", "urn:uuid:2", relates_to="urn:uuid:1"))
    assert read(blocks, ("RelatesTo",)).relates_to == "urn:uuid:1"
    assert not any(str(block.tag).endswith("ReplyTo") for block in blocks)


@pytest.mark.parametrize("name", ["To", "Action", "MessageID", "ReplyTo"])
def test_a_missing_header(name: str) -> None:
    """The fault names it."""
    with pytest.raises(SoapFault) as caught:
        read([block for block in build(ASKED) if not str(block.tag).endswith(name)])
    assert caught.value.subcode == (WSA, "MessageAddressingHeaderRequired")
    assert name in caught.value.english


def test_a_header_given_twice() -> None:
    """Is invalid, whatever it says."""
    with pytest.raises(SoapFault) as caught:
        read([*build(ASKED), *build(ASKED)[:1]])
    assert caught.value.subcode == (WSA, "InvalidAddressingHeader")


def test_a_reply_address_elsewhere() -> None:
    """Answers go back on the connection only."""
    blocks = build(ASKED)
    blocks[-1][0].text = "http://evil.invalid/"
    with pytest.raises(SoapFault):
        read(blocks)
