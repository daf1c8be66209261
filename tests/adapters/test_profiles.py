"""Signature profiles of plain documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import profiles
from adapters.base import Resources
from adapters.http import HttpClient
from adapters.profiles import UNSIGNED, Profile
from adapters.trusting import Expected
from lienthong.testing import fixed_clock, no_secrets, numbers
from signing.errors import SigningError, Untrusted
from signing.xml import parse, serialize
from tests import pki

TWO = Profile(kind="two-reference", document="FORM", holder="SIGN")
ENVELOPED = Profile.model_validate({"kind": "enveloped"})
XADES = Profile.model_validate({"kind": "xades"})
CARD = b'<CARD note="x"><FORM Id="Id-1"><KEY>1</KEY></FORM></CARD>'


def lent(*partners: str) -> Resources:
    """Resources with the hub's key and the partners' certificates."""
    http = HttpClient(clock=fixed_clock)
    signer, trust = pki.signer("hub"), pki.trust(*partners)
    return Resources(http, Path(), fixed_clock, numbers(), no_secrets, signer, trust)


@pytest.mark.parametrize("profile", [TWO, ENVELOPED, XADES])
def test_what_is_signed_is_verified(profile: Profile) -> None:
    """Content and signer come back."""
    root = parse(CARD)
    profiles.sign(root, profile, pki.signer("hub"), lent())
    proven = profiles.verify(parse(serialize(root)), profile, Expected(lent("hub"), ["hub"]))
    assert proven.element.findtext("FORM/KEY") == "1"
    assert "hub" in proven.signer


def test_more_than_was_asked_for_is_accepted() -> None:
    """A partner may state when it signed where a plain signature is enough, and not the other way round."""
    rich, plain = parse(CARD), parse(CARD)
    profiles.sign(rich, XADES, pki.signer("hub"), lent())
    profiles.sign(plain, ENVELOPED, pki.signer("hub"), lent())
    expected = Expected(lent("hub"), ["hub"])
    assert profiles.verify(rich, ENVELOPED, expected).element.findtext("FORM/KEY") == "1"
    with pytest.raises(SigningError):
        profiles.verify(plain, XADES, expected)


def test_unsigned_profile_leaves_the_document_alone() -> None:
    """No key is needed either."""
    root = parse(CARD)
    profiles.sign(root, UNSIGNED, None, lent())
    assert serialize(root) == serialize(parse(CARD))


def test_nothing_unsigned_comes_back() -> None:
    """In the two-reference profile the envelope is not signed: what stood on it is dropped."""
    root = parse(CARD)
    profiles.sign(root, TWO, pki.signer("hub"), lent())
    proven = profiles.verify(parse(serialize(root)), TWO, Expected(lent("hub"), ["hub"]))
    assert not proven.element.attrib


def test_another_known_partner_is_not_the_expected_one() -> None:
    """Trust is per endpoint."""
    root = parse(CARD)
    profiles.sign(root, ENVELOPED, pki.signer("hub"), lent())
    with pytest.raises(Untrusted, match="only bhxh"):
        profiles.verify(root, ENVELOPED, Expected(lent("hub", "bhxh"), ["bhxh"]))


def test_document_without_its_parts_cannot_be_signed() -> None:
    """A ValueError for the caller, not an error of the signing library."""
    with pytest.raises(ValueError, match="cannot be signed"):
        profiles.sign(parse(b"<CARD/>"), TWO, pki.signer("hub"), lent())


def test_document_without_its_parts_cannot_be_verified() -> None:
    """A refusal, not a crash."""
    with pytest.raises(SigningError):
        profiles.verify(parse(b"<CARD/>"), TWO, Expected(lent("hub"), []))


@pytest.mark.parametrize(
    "settings",
    [{"kind": "two-reference"}, {"kind": "two-reference", "document": "A"}, {"kind": "none", "holder": "B"}],
)
def test_profile_is_whole_or_refused(settings: dict[str, Any]) -> None:
    """Document and holder belong to two-reference, both or neither."""
    with pytest.raises(ValidationError):
        Profile.model_validate(settings)
