from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import SignatureInvalid
from signing.stamps.der import require_der, tlv

NESTED = bytes.fromhex("300a 3003 020105 0403 616263".replace(" ", ""))


def refused(data: bytes, limit: int = 10_000) -> str:
    """The reason for which ``data`` is refused."""
    with pytest.raises(SignatureInvalid) as caught:
        require_der(data, "it", limit=limit)
    return caught.value.reason


def test_der_is_accepted() -> None:
    """A sequence of values, each spelled in the one way that DER allows."""
    require_der(NESTED, "it", limit=100)
    require_der(bytes.fromhex("048180") + b"\x00" * 128, "it", limit=1000)


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        ("", "cut off"),
        ("30", "cut off"),
        ("3003020105ff", "1 bytes follow"),
        ("30050201", "longer than"),
        ("3080020105 0000", "indefinite"),
        ("3085 0000000003 020105", "too long"),
        ("3082 00", "too long"),
        ("308103 020105", "not the shortest"),
        ("30820003 020105", "not the shortest"),
        ("3003 020405", "longer than"),
        ("2403 040161", "in pieces"),
        ("1003 020105", "in pieces"),
        ("0000", "not used"),
        ("1f8101 00", "not used"),
        ("010101", "truth"),
        ("0100", "truth"),
        ("050100", "nothing"),
        ("0200", "number"),
        ("02020001", "number"),
        ("0202ff80", "number"),
    ],
)
def test_what_is_not_der_is_refused_with_the_place(spelled: str, words: str) -> None:
    """Every other spelling is refused, and the reason says what is wrong with it."""
    assert words in refused(bytes.fromhex(spelled.replace(" ", "")))


def test_size_depth_and_count_are_bounded() -> None:
    """Large, deep and wide structures are refused before anything reads them."""
    deep = b""
    for _ in range(40):
        deep = b"\x30" + bytes([len(deep)]) + deep
    wide = b"\x05\x00" * 30_000
    assert "deeply" in refused(deep)
    assert "deeply" in refused(b"\x30\x82" + len(wide).to_bytes(2, "big") + wide, 100_000)
    assert "larger than 5 bytes" in refused(NESTED, 5)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(data: bytes) -> None:
    """Whatever comes is accepted or refused."""
    with contextlib.suppress(SignatureInvalid):
        require_der(data, "it", limit=150)


@given(st.integers(0, len(NESTED) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    """A structure that ends early is never taken for a whole one."""
    assert refused(NESTED[:length])


@given(st.lists(st.binary(max_size=400), max_size=3))
def test_what_is_written_is_der(parts: list[bytes]) -> None:
    """A value of values, with short and long lengths."""
    written = tlv(0x30, *(tlv(0x04, part) for part in parts))
    require_der(written, "it", limit=10_000)
    assert all(part in written for part in parts)
