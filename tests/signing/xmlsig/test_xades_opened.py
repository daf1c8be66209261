from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from signing import xml
from signing.algorithms import C14N, EXCLUSIVE_C14N
from signing.errors import Replayed, SignatureInvalid, Untrusted
from signing.xmlsig import xades
from signing.xmlsig.freshness import Window
from signing.xmlsig.xades_opened import VerifiedXades
from tests import pki

LATER = pki.NOW + timedelta(minutes=2)
YEARS_LATER = pki.NOW + timedelta(days=3000)


def signed(name: str = "cutru", method: str = EXCLUSIVE_C14N, at: datetime = pki.NOW) -> etree._Element:
    return xades.sign_enveloping(b"data", pki.signer(name), at=at, canonicalization=method)


def verified(
    written: etree._Element, at: datetime = pki.NOW, name: str = "cutru", **options: Any
) -> VerifiedXades:
    return xades.verify_enveloping(xml.parse(xml.serialize(written)), pki.trust(name), at, **options)


def stamped(token: bytes, data: bytes) -> datetime:
    """A stand-in for tokens: ``time|data``."""
    time, _, covered = token.partition(b"|")
    if covered != data:
        raise SignatureInvalid("the token is over something else")
    return datetime.fromisoformat(time.decode())


def with_token(written: etree._Element, at: datetime = LATER) -> etree._Element:
    xades.add_timestamp(written, at.isoformat().encode() + b"|" + xades.stamped_bytes(written))
    return written


@pytest.mark.parametrize("method", [EXCLUSIVE_C14N, C14N])
def test_the_level_rises_with_what_was_added(method: str) -> None:
    """B-B when signed, B-T with a proven time-stamp, B-LT with revocation data."""
    written = signed(method=method)
    assert verified(written, stamped=stamped).level == "B-B"
    with_token(written)
    assert verified(written, stamped=stamped).level == "B-T"
    xades.add_validation_data(written, [pki.certificate("ca")], [], [b"answer"])
    found = verified(written, stamped=stamped)
    assert (found.level, found.ocsps, found.crls) == ("B-LT", (b"answer",), ())
    assert found.certificates == (pki.certificate("cutru"), pki.certificate("ca"))
    assert [stamp.at for stamp in found.timestamps] == [LATER]


def test_a_self_signed_certificate_needs_no_revocation() -> None:
    """Nobody could revoke it; its own copy completes the level."""
    written = with_token(signed("hub"))
    assert verified(written, name="hub", stamped=stamped).level == "B-T"
    xades.add_validation_data(written, [pki.certificate("hub")], [], [])
    assert verified(written, name="hub", stamped=stamped).level == "B-LT"


def test_an_unproven_token_raises_nothing() -> None:
    """Without somebody to check it, it is handed over with what it must cover, and proves no level."""
    written = with_token(signed())
    found = verified(written)
    assert (found.level, found.timestamps[0].at) == ("B-B", None)
    assert found.timestamps[0].data == xades.stamped_bytes(written)
    assert stamped(found.timestamps[0].token, found.timestamps[0].data) == LATER


def test_a_token_over_another_signature_is_refused() -> None:
    """A time-stamp cannot be taken from one signature to another."""
    other = with_token(signed(at=pki.NOW - timedelta(days=1)))
    written = signed()
    xades.add_timestamp(written, verified(other).timestamps[0].token)
    with pytest.raises(SignatureInvalid, match="something else"):
        verified(written, stamped=stamped)


def test_a_time_stamp_outlives_the_certificate() -> None:
    """Years later the certificate has expired: without a time-stamp that is the end, with one it is not."""
    written = signed()
    with pytest.raises(Untrusted, match="expired"):
        verified(written, YEARS_LATER, stamped=stamped)
    assert verified(with_token(written), YEARS_LATER, stamped=stamped).signing_time == pki.NOW


def test_the_earliest_of_several_time_stamps_counts() -> None:
    """A later one, made to protect the first, does not make the signature younger."""
    written = with_token(with_token(signed(), YEARS_LATER))
    assert verified(written, YEARS_LATER, stamped=stamped).level == "B-T"


def test_a_signature_is_not_stamped_before_it_was_made() -> None:
    """The stated signing time may not be later than the time-stamp."""
    with pytest.raises(SignatureInvalid, match="future"):
        verified(with_token(signed(), pki.NOW - timedelta(hours=1)), stamped=stamped)


def test_a_signing_time_in_the_future_is_refused() -> None:
    """The signer's clock may be off by the window's skew, and no more."""
    written = signed(at=pki.NOW + timedelta(minutes=6))
    with pytest.raises(SignatureInvalid, match="future"):
        verified(written)
    assert verified(written, window=Window(skew=timedelta(minutes=7))).level == "B-B"


def test_a_signing_time_before_the_certificate_is_refused() -> None:
    """Whoever dates back beyond the certificate is caught by the signature's own properties."""
    with pytest.raises(SignatureInvalid, match="validity"):
        verified(signed(at=pki.NOW - timedelta(days=60)))


def test_a_replayed_signature_is_refused() -> None:
    """With a memory, a signature counts once and only while it is recent; a refused one is not remembered."""
    kept: dict[str, datetime] = {}

    def seen(key: str, until: datetime) -> bool:
        return kept.setdefault(key, until) is not until

    written = signed()
    with pytest.raises(SignatureInvalid, match="too long ago"):
        verified(written, pki.NOW + timedelta(hours=2), seen=seen)
    assert not kept
    verified(written, seen=seen)
    with pytest.raises(Replayed):
        verified(written, seen=seen)


def test_key_info_is_referred_to_once() -> None:
    """It may be signed as well, but every reference costs time."""
    written = signed()
    find(written, "KeyInfo").set("Id", "key")
    info = find(written, "SignedInfo")
    more = copy.deepcopy(info[-1])
    more.set("URI", "#key")
    del more.attrib["Type"]
    info.extend([more, copy.deepcopy(more)])
    value = pki.signer("cutru").sign(xml.canonicalize(info))
    find(written, "SignatureValue").text = xades.signature.encode_base64(value)
    with pytest.raises(SignatureInvalid, match="more than once"):
        verified(written)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element
