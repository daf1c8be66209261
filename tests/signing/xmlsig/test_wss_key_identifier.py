"""WS-Security messages that name the signer's certificate instead of carrying it."""

from __future__ import annotations

import base64
import copy
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from signing.errors import SignatureInvalid, SigningError, Untrusted
from signing.keys import FileKey
from signing.trust import Trust
from signing.xmlsig.signature import decode_base64
from signing.xmlsig.wss import sign_envelope, verify_envelope
from tests import pki
from tests.signing.xmlsig.test_wss import (
    Change,
    body_changed,
    body_wrapped_into_a_header,
    find,
    message,
    signed,
    verified,
)


def by_identifier() -> etree._Element:
    return signed(by="subject-key-identifier")


def test_a_named_certificate_does_not_travel() -> None:
    """The message holds the identifier of the key and no token (X.509 Token Profile 1.1 §3.2.2)."""
    root = by_identifier()
    assert root.find(".//{*}BinarySecurityToken") is None
    stated = pki.certificate("cutru").extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert decode_base64(find(root, "KeyIdentifier")) == stated.digest


def identifier_of_nobody(root: etree._Element) -> None:
    find(root, "KeyIdentifier").text = base64.b64encode(bytes(20)).decode()


def identifier_of_another_kind(root: etree._Element) -> None:
    find(root, "KeyIdentifier").set("ValueType", "urn:thumbprint")


def identifier_beside_a_token(root: etree._Element) -> None:
    find(root, "Security").insert(0, copy.deepcopy(find(signed(), "BinarySecurityToken")))


def identifier_beside_a_reference(root: etree._Element) -> None:
    find(root, "SecurityTokenReference").append(copy.deepcopy(find(signed(), "SecurityTokenReference"))[0])


@pytest.mark.parametrize(
    "attack",
    [
        identifier_of_nobody,
        identifier_of_another_kind,
        identifier_beside_a_token,
        identifier_beside_a_reference,
        body_changed,
        body_wrapped_into_a_header,
    ],
    ids=lambda attack: attack.__name__,
)
def test_an_attacked_message_with_a_named_certificate_is_refused(attack: Change) -> None:
    """Only a pinned certificate is named, and nothing else may offer another one."""
    envelope = by_identifier()
    attack(envelope)
    with pytest.raises((SignatureInvalid, Untrusted)):
        verified(envelope)


def test_a_certificate_must_be_pinned_to_be_named() -> None:
    """An authority is not enough: it cannot say which of its certificates is meant."""
    with pytest.raises(Untrusted, match="subject key identifier"):
        verify_envelope(by_identifier(), Trust({"cutru": [pki.certificate("ca")]}), pki.NOW)


def test_a_certificate_without_identifier_cannot_be_named() -> None:
    """It has to travel with the message."""
    bare = x509.CertificateBuilder(
        subject_name=pki.subject("cutru"),
        issuer_name=pki.subject("cutru"),
        public_key=pki.key("cutru").public_key(),
        serial_number=1,
        not_valid_before=pki.NOW,
        not_valid_after=pki.NOW,
    ).sign(pki.key("cutru"), hashes.SHA256())
    with pytest.raises(SigningError, match="by token"):
        sign_envelope(
            message(),
            FileKey(pki.key("cutru"), [bare]),
            created=pki.NOW,
            ttl=timedelta(minutes=5),
            new_id=lambda: "1",
            key_reference="subject-key-identifier",
        )
