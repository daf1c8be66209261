"""The attacker's tool: XML signatures with anything at all in them, written by hand and correctly computed.

It shares no code with the hub, which would refuse to write most of this.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.xml import parse, serialize
from tests import pki

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256 = MORE + "rsa-sha256"
ECDSA_SHA256 = MORE + "ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"

DECLARATION = (
    '<KhaiSinh xmlns="urn:ks" Id="ks-1"><HoTen>Nguyễn Văn An</HoTen>'
    "<SoDinhDanh>001099000001</SoDinhDanh><Phu/></KhaiSinh>"
).encode()
"""What a partner signs in these tests."""

Value = Callable[[bytes], bytes]


def canonical(element: etree._Element, *, exclusive: bool = True) -> bytes:
    """The canonical bytes of an element that stands alone, or is the root of its document."""
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False)


def reference(
    data: bytes,
    uri: str | None = "",
    transforms: Sequence[str] = (ENVELOPED, EXCLUSIVE),
    *,
    method: str = SHA256,
    digest: Callable[[bytes], Any] = hashlib.sha256,
    inside: str = "",
    value: str | None = None,
    **attributes: str,
) -> str:
    """A Reference to ``data``. A transform is an algorithm, or markup; ``inside`` stands before the digest."""
    steps = "".join(each if each.startswith("<") else transform(each) for each in transforms)
    named = dict(attributes) if uri is None else {**attributes, "URI": uri}
    said = "".join(f' {name}="{text}"' for name, text in named.items())
    written = base64.b64encode(digest(data).digest()).decode() if value is None else value
    chain = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
    return (
        f'<ds:Reference{said}>{chain}{inside}<ds:DigestMethod Algorithm="{method}"/>'
        f"<ds:DigestValue>{written}</ds:DigestValue></ds:Reference>"
    )


def transform(algorithm: str, inside: str = "") -> str:
    """One Transform."""
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def certificates(*names: str) -> str:
    """X509Data with the certificates of declared names."""
    written = "".join(f"<ds:X509Certificate>{encoded(name)}</ds:X509Certificate>" for name in names)
    return f"<ds:X509Data>{written}</ds:X509Data>"


def encoded(name: str) -> str:
    """A declared name's certificate in base64."""
    return base64.b64encode(pki.certificate(name).public_bytes(Encoding.DER)).decode()


def raw(name: str) -> Value:
    """The value that an honest signer with that key would write."""
    key = pki.key(name)

    def sign(data: bytes) -> bytes:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        width = (key.key_size + 7) // 8
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")

    return sign


def sign(
    parent: etree._Element,
    references: Sequence[str],
    *,
    name: str = "hub",
    method: str = RSA_SHA256,
    method_inside: str = "",
    c14n: str = EXCLUSIVE,
    c14n_inside: str = "",
    value: Value | None = None,
    key_info: str | None = None,
    objects: str = "",
    info_inside: str = "",
    after_value: str = "",
) -> etree._Element:
    """Append a signature to ``parent`` and compute its value over SignedInfo as it stands there; returns it."""
    known = certificates(name) if key_info is None else key_info
    text = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{c14n}">{c14n_inside}</ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{method}">{method_inside}</ds:SignatureMethod>'
        f"{''.join(references)}{info_inside}</ds:SignedInfo><ds:SignatureValue/>{after_value}"
        f"<ds:KeyInfo>{known}</ds:KeyInfo>{objects}</ds:Signature>"
    )
    written = _read(text)
    parent.append(written)
    computed = (value or raw(name))(_signed_bytes(written[0], c14n))
    written[1].text = base64.b64encode(computed).decode()
    return written


def resign(written: etree._Element, name: str) -> None:
    """Compute the value anew, after SignedInfo was changed."""
    written[1].text = base64.b64encode(raw(name)(_signed_bytes(written[0], EXCLUSIVE))).decode()


def _signed_bytes(info: etree._Element, c14n: str) -> bytes:
    """Everything but the plain inclusive form is computed as the exclusive one, which is as good as any."""
    return etree.tostring(_alone(info), method="c14n", exclusive=c14n != INCLUSIVE, with_comments=False)


def _alone(element: etree._Element) -> etree._Element:
    return _read(etree.tostring(element, encoding="unicode", with_tail=False))


def _read(text: str) -> etree._Element:
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    parser.feed(text)
    return parser.close()


def declaration() -> etree._Element:
    """The document that is to be signed."""
    return parse(DECLARATION)


def enveloped(
    references: Callable[[bytes], Sequence[str]] | None = None,
    root: etree._Element | None = None,
    **options: Any,
) -> bytes:
    """A signed document. ``references`` are made of the canonical bytes of the document; `sign` has ``options``."""
    document = declaration() if root is None else root
    data = canonical(document)
    sign(document, (references or (lambda octets: [reference(octets)]))(data), **options)
    return serialize(document)


def by_identifier(name: str = "hub") -> etree._Element:
    """A signed document whose reference names its root by identifier, as SAML does."""
    return parse(enveloped(lambda data: [reference(data, "#ks-1")], name=name))


def forged(root: etree._Element) -> etree._Element:
    """A copy that says something else."""
    twin = copy.deepcopy(root)
    for number in twin.iter("{urn:ks}SoDinhDanh"):
        number.text = "001099999999"
    return twin
