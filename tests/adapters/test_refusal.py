"""Refusals speak two languages and give nothing away."""

from __future__ import annotations

import unicodedata

import pytest

from adapters.errors import Refused
from adapters.refusal import document_answer, words
from signing.xml import parse

REASONS = (
    "malformed",
    "invalid",
    "unsigned",
    "untrusted",
    "replayed",
    "unknown-operation",
    "too-large",
    "forbidden",
)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words(reason: str) -> None:
    """A status of its own kind, a Vietnamese and an English sentence, the detail in both."""
    said = words(Refused(reason, "dòng 7"))
    assert 400 <= said.status < 500
    assert said.vi.endswith(": dòng 7")
    assert said.en.endswith(": dòng 7")
    assert said.vi != said.en
    assert unicodedata.is_normalized("NFC", said.vi)


def test_reasons_are_told_apart() -> None:
    """No two share a sentence."""
    assert len({words(Refused(reason, "")).vi for reason in REASONS}) == len(REASONS)


def test_other_errors_show_nothing() -> None:
    """Ours to fix, not theirs to read."""
    said = words(RuntimeError("password"))
    assert said.status == 500
    assert "password" not in said.vi + said.en


def test_detail_that_xml_cannot_carry_is_cleaned() -> None:
    """A reason may quote what was sent."""
    root = parse(document_answer(Refused("malformed", "a\x00b\x1b<c>")).body)
    assert root.findtext("{*}Text") == "Thông điệp không đúng cấu trúc quy định: ab<c>"
