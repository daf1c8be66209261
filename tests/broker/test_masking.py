"""What people and log files get to see of personal data."""

from __future__ import annotations

import io
import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from broker import masking

DIGITS = st.text("0123456789", min_size=9, max_size=13)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("079090002345", "0790*****345"),
        ("0912345678", "0912***678"),
        ("TE1012600000001", "TE10********001"),
        ("12345678", "********"),
    ],
)
def test_numbers(plain: str, shown: str) -> None:
    """The first four and the last three stay; a short number is hidden as a whole."""
    assert masking.number(plain) == shown


def test_names_and_addresses() -> None:
    """Enough to recognise, too little to know."""
    assert masking.name("Nguyễn Thị Lành") == "N*** T*** L***"
    assert masking.email("lanh.nguyen@example.vn") == "l***@example.vn"


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("số 079090002345 không khớp", "số 0790*****345 không khớp"),
        ("call +84912345678, or a.b@mail.example.vn.", "call +849*****678, or a***@mail.example.vn."),
        ("thẻ TE1012600000001", "thẻ TE10********001"),
        ("dossier G22.99.08-260901-000001 is late", "dossier G22.99.08-260901-000001 is late"),
        ("due 2026-09-01T01:00:00.123456+00:00", "due 2026-09-01T01:00:00.123456+00:00"),
        ("delivery 1cc90ef9e6414c1595300038a7ef4bf6", "delivery 1cc90ef9e6414c1595300038a7ef4bf6"),
    ],
)
def test_running_text(plain: str, shown: str) -> None:
    """Numbers and addresses are masked where they stand; codes, times and ids are not taken for them."""
    assert masking.text(plain) == shown


@given(before=st.sampled_from(["", " ", "(", "số: ", "="]), digits=DIGITS)
def test_no_number_passes(before: str, digits: str) -> None:
    """Whatever stands before a number of that length, it is not shown."""
    assert digits not in masking.text(f"{before}{digits} x")


def test_documents_keep_their_shape() -> None:
    """Element names, lengths and signs stay; no value does, in elements, attributes and between them (T23)."""
    inner = '<Name kind="khai sinh">Trần <!-- An -->Hòa</Name> 12<?An?> <Born>2026-09-01</Born>'
    body = f'<a xmlns="urn:x">{inner}</a>'.encode()
    shown = '<a xmlns="urn:x"><Name kind="xxxx xxxx">xxxx xxx</Name> 00 <Born>0000-00-00</Born></a>'
    assert masking.document(body) == shown.encode()


def test_other_documents() -> None:
    """JSON keeps its keys; what is neither keeps only its signs."""
    assert json.loads(masking.document(b'{"ten": ["An", 7, true, null]}')) == {"ten": ["xx", "0", True, None]}
    assert masking.document("Trần=12".encode()) == b"xxxx=00"


def test_documents_that_are_too_deep() -> None:
    """JSON beyond what can be read keeps only its signs, like anything else that is no document."""
    assert masking.document(b"[" * 100_000) == b"[" * 100_000
    assert masking.document(b'["a",' * 600 + b"1" + b"]" * 600).count(b"[") == 600


def test_log_events() -> None:
    """The processor masks every text of an event, nested ones and errors too, and never prints bytes."""
    written = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(written),
        processors=[structlog.processors.format_exc_info, masking.event, structlog.processors.JSONRenderer()],
    )
    try:
        raise ValueError("079090002345 is not a date")
    except ValueError as error:
        logger.error(
            "no 079090002345",
            exc_info=error,
            name="Trần Hòa",
            body=b"<x/>",
            tried=3,
            people=[{"full_name": "Trần Hòa", "mail": "a@b.vn"}],
            path=ValueError("079090002345"),
        )
    told = json.loads(written.getvalue())
    assert "079090002345" not in written.getvalue()
    assert "Hòa" not in written.getvalue()
    assert (told["tried"], told["body"], told["name"]) == (3, "4 bytes", "T*** H***")
    assert told["people"] == [{"full_name": "T*** H***", "mail": "a***@b.vn"}]
