"""The parts that all XML signatures share: write and complete ``ds:Signature``, check it, digest what it
refers to.

A profile (`signing.xmlsig.xmldsig`, `signing.xmlsig.wss`) decides what must be signed and where the signature stands;
this module does the arithmetic. Both directions use the same `octets`. SignedInfo is read from the canonical bytes
that the signature covers, never from the tree it arrived in.

Standard: XML Signature Syntax and Processing 1.1 (W3C, 2013), §3 processing rules, §4 core syntax, §6
algorithms.
"""

from __future__ import annotations

import base64
import binascii
import collections
import copy
import dataclasses
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, cast

from cryptography import x509
from lxml import etree

from signing import algorithms, xml
from signing.algorithms import Content
from signing.errors import SignatureInvalid
from signing.keys import Signer
from signing.pki.certificates import certificate_der, public_key, read_certificate

DS = "http://www.w3.org/2000/09/xmldsig#"
_EXC = algorithms.EXCLUSIVE_C14N
MOST_REFERENCES = 32
_MOST_CERTIFICATES = 32
_INFO_BYTES = 8_192
_REFERENCE_BYTES = 2_048
_REFERENCE_FORMS = [
    [f"{{{DS}}}{name}" for name in names]
    for names in (("Transforms", "DigestMethod", "DigestValue"), ("DigestMethod", "DigestValue"))
]
_TAKING_OUT = (
    (algorithms.XPATH, f"{{{DS}}}XPath", None, "not(ancestor-or-self::ds:Signature)"),
    (algorithms.XPATH_FILTER, f"{{{algorithms.XPATH_FILTER}}}XPath", "subtract", "/descendant::ds:Signature"),
)
_IDENTIFIERS = etree.XPath(
    "//@Id | //@ID | //@id | //@xml:id | //@u:Id",
    namespaces={
        "u": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
        "xml": "http://www.w3.org/XML/1998/namespace",
    },
    smart_strings=False,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Transform:
    """One step from a referenced element to the bytes that are digested; ``prefixes`` for exclusive C14N only."""

    algorithm: str
    prefixes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """One ``ds:Reference`` of a signature (§4.4.3); without ``digest_value`` it is not digested yet."""

    uri: str
    transforms: tuple[Transform, ...]
    digest_method: str = algorithms.SHA256
    digest_value: bytes = b""
    type: str | None = None
    identifier: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """What a signature proved: ``element`` is parsed anew from the signed bytes, so only signed content is in it."""

    element: etree._Element
    certificate: x509.Certificate
    partner: str
    signing_time: datetime | None = None


class Believing(Protocol):
    """Whoever decides which certificates are believed: `signing.trust.Trust`, or a verifier with its own anchors."""

    def check(self, certificate: x509.Certificate, at: datetime) -> str:
        """For whom ``certificate`` speaks at time ``at``. Raises Untrusted with why not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A signature value that fits a trusted certificate; the references are not yet digested."""

    references: tuple[Reference, ...]
    certificate: x509.Certificate
    partner: str
    signed_info: bytes

    @property
    def identity(self) -> bytes:
        """What makes two presentations the same one.

        It is not the signature value: whoever has seen one of ECDSA can write down another, (r, n - s) for (r, s).
        """
        return self.signed_info + certificate_der(self.certificate)


def ds(name: str) -> str:
    """Clark name of ``name`` in the XML Signature namespace."""
    return f"{{{DS}}}{name}"


def write(references: Sequence[Reference], signer: Signer, *, canonicalization: str) -> etree._Element:
    """A ``ds:Signature`` with an empty value and KeyInfo, to be put in its place and then completed.

    It has a prefix of its own: some verifiers lose the default namespace in inclusive C14N of a sub-element.
    Raises SignatureInvalid for a canonicalisation that nobody should be sent.
    """
    _check_canonicalization(canonicalization)
    signature = etree.Element(ds("Signature"), nsmap={"ds": DS})
    signed_info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod"), Algorithm=canonicalization)
    etree.SubElement(signed_info, ds("SignatureMethod"), Algorithm=signer.algorithm)
    for reference in references:
        _write_reference(signed_info, reference)
    etree.SubElement(signature, ds("SignatureValue"))
    etree.SubElement(signature, ds("KeyInfo"))
    return signature


def _write_reference(signed_info: etree._Element, reference: Reference) -> None:
    written = etree.SubElement(signed_info, ds("Reference"))
    for name, value in (("Id", reference.identifier), ("Type", reference.type), ("URI", reference.uri)):
        if value is not None:
            written.set(name, value)
    if reference.transforms:
        transforms = etree.SubElement(written, ds("Transforms"))
        for transform in reference.transforms:
            etree.SubElement(transforms, ds("Transform"), Algorithm=transform.algorithm)
    write_digest(written, reference.digest_method, reference.digest_value)


def write_digest(parent: etree._Element, method: str, value: bytes) -> None:
    """Append ``DigestMethod`` and ``DigestValue`` (§4.4.3.5) to ``parent``."""
    etree.SubElement(parent, ds("DigestMethod"), Algorithm=method)
    etree.SubElement(parent, ds("DigestValue")).text = encode_base64(value)


def enclose_certificate(signature: etree._Element, certificate: x509.Certificate) -> None:
    """Put the certificate into KeyInfo as ``X509Data`` (§4.5.4)."""
    data = etree.SubElement(only_child(signature, ds("KeyInfo")), ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = encode_base64(certificate_der(certificate))


def complete(
    signature: etree._Element,
    references: Sequence[Reference],
    signer: Signer,
    targets: Mapping[str, etree._Element],
) -> None:
    """Fill in missing digests and the value; call when everything stands in its final place in the document."""
    signed_info = only_child(signature, ds("SignedInfo"))
    for reference, written in zip(references, signed_info.findall(ds("Reference")), strict=True):
        if not reference.digest_value:
            data = octets(targets[reference.uri], reference, signature)
            value = algorithms.digest(reference.digest_method, data)
            only_child(written, ds("DigestValue")).text = encode_base64(value)
    method = only_child(signed_info, ds("CanonicalizationMethod")).get("Algorithm")
    data = xml.canonicalize(signed_info, exclusive=method == _EXC)
    only_child(signature, ds("SignatureValue")).text = encode_base64(signer.sign(data))


def octets(target: etree._Element, reference: Reference, signature: etree._Element) -> bytes:
    """The bytes that are digested for a reference to ``target`` (§4.4.3.2).

    Without a canonicalisation among the transforms, Canonical XML 1.0 applies, as the standard says. Base64
    is decoded where ``ds:Object`` holds nothing else.
    """
    steps = [transform.algorithm for transform in reference.transforms]
    if steps == [algorithms.BASE64] and target.tag == ds("Object"):
        return decode_base64(target)
    enveloped, method, prefixes = _plan(reference.transforms)
    exclusive = method == _EXC
    if enveloped and signature in target.iterdescendants(ds("Signature")):
        target = _without(target, signature)
    if reference.uri == "":
        return xml.canonicalize_document(target, exclusive=exclusive, inclusive_prefixes=prefixes)
    return xml.canonicalize(target, exclusive=exclusive, inclusive_prefixes=prefixes)


def _plan(transforms: Sequence[Transform]) -> tuple[bool, str, tuple[str, ...]]:
    """(enveloped?, canonicalisation, prefixes) of a transform chain; any other chain is refused."""
    enveloped = bool(transforms) and transforms[0].algorithm == algorithms.ENVELOPED
    rest = transforms[1:] if enveloped else transforms
    if not rest:
        return enveloped, algorithms.C14N, ()
    if len(rest) > 1 or rest[0].algorithm not in algorithms.CANONICALIZATIONS:
        names = ", ".join(transform.algorithm for transform in transforms)
        raise SignatureInvalid(f"this chain of transforms is not accepted: {names}")
    return enveloped, rest[0].algorithm, rest[0].prefixes


def _without(root: etree._Element, signature: etree._Element) -> etree._Element:
    """A copy of the document without this signature; the caller's tree stays as it is."""
    if root.getparent() is not None:
        raise SignatureInvalid("the enveloped-signature transform is accepted for the whole document only")
    steps = []
    node = signature
    while (parent := node.getparent()) is not None:
        steps.append(parent.index(node))
        node = parent
    twin = copy.deepcopy(root.getroottree()).getroot()
    for step in reversed(steps):
        twin = twin[step]
    holder = twin.getparent()
    assert holder is not None  # a signature inside the document is not its root
    # A comment leaves no trace in the canonical form and keeps the text after the signature where it is.
    placeholder = etree.Comment("")
    placeholder.tail = twin.tail
    holder.replace(twin, placeholder)
    return holder.getroottree().getroot()


def check(
    signature: etree._Element,
    certificate: x509.Certificate,
    trust: Believing,
    at: datetime,
    *,
    most: int = MOST_REFERENCES,
) -> Checked:
    """Check that a trusted certificate signed SignedInfo, and return the references found in the signed
    bytes.

    More references than ``most`` are refused, because each costs the time of its target. Raises Untrusted or
    SignatureInvalid. The caller must digest every reference with `referred` or `matches`.
    """
    signed_info = only_child(signature, ds("SignedInfo"))
    _check_size(signed_info, most)
    outer = _read_method(signed_info, "CanonicalizationMethod")
    _check_canonicalization(outer.algorithm)
    data = xml.canonicalize(signed_info, exclusive=outer.algorithm == _EXC, inclusive_prefixes=outer.prefixes)
    value = decode_base64(only_child(signature, ds("SignatureValue")))
    signed = xml.reparse(data)
    partner = trust.check(certificate, at)
    method = _read_method(signed, "SignatureMethod").algorithm
    algorithms.verify(method, public_key(certificate), value, data)
    return Checked(_read_references(signed, most), certificate, partner, data)


def _check_size(signed_info: etree._Element, most: int) -> None:
    """Refuse a SignedInfo that is far too large, or holds comments or instructions, before anything is computed."""
    left = _INFO_BYTES + most * _REFERENCE_BYTES
    for element in signed_info.iter():
        if not isinstance(element.tag, str):
            raise SignatureInvalid("SignedInfo must not hold comments or instructions")
        left -= len(element.tag) + len(element.text or "") + len(element.tail or "")
        left -= sum(map(len, element.attrib.values()))
        if left < 0:
            raise SignatureInvalid(f"SignedInfo is too large for {most} references")


def _check_canonicalization(algorithm: str) -> None:
    if algorithm not in algorithms.CANONICALIZATIONS:
        raise SignatureInvalid(f"canonicalisation {algorithm} is not accepted")


def referred(reference: Reference, target: etree._Element, signature: etree._Element) -> bytes:
    """The signed bytes of ``target``. Raises SignatureInvalid if they do not match the reference's digest."""
    data = octets(target, reference, signature)
    if not matches(reference, data):
        raise SignatureInvalid(f"the content was changed after signing (reference {reference.uri!r})")
    return data


def matches(reference: Reference, data: Content) -> bool:
    """Whether ``data`` has the digest that the reference states. Raises SignatureInvalid for a method not listed."""
    return hmac.compare_digest(algorithms.digest(reference.digest_method, data), reference.digest_value)


def enclosed_certificate(signature: etree._Element) -> x509.Certificate:
    """The signer's certificate from KeyInfo: the first, if issuers follow. Key values and names are not used."""
    return enclosed_certificates(signature)[0]


def enclosed_certificates(signature: etree._Element) -> list[x509.Certificate]:
    """All certificates in KeyInfo; the first is the signer's. Raises SignatureInvalid if there is none."""
    found = only_child(signature, ds("KeyInfo")).findall(f"{ds('X509Data')}/{ds('X509Certificate')}")
    if not 0 < len(found) <= _MOST_CERTIFICATES:
        raise SignatureInvalid("the signature carries no certificate (KeyInfo/X509Data/X509Certificate)")
    return [read_certificate(decode_base64(each)) for each in found]


def only_child(parent: etree._Element, name: str) -> etree._Element:
    """The one direct child called ``name``. Raises SignatureInvalid if there is none, or more than one."""
    found = parent.findall(name)
    if len(found) != 1:
        where = etree.QName(parent).localname
        raise SignatureInvalid(f"<{where}> must have one <{etree.QName(name).localname}>, not {len(found)}")
    return found[0]


def check_unique(root: etree._Element, identifiers: Sequence[str]) -> None:
    """Raise SignatureInvalid unless each identifier belongs to exactly one element, whatever its attribute is
    called.

    Our own verification finds elements by their place. Another reader of the same document may go by
    identifier, and must not arrive somewhere else.
    """
    everywhere = collections.Counter(cast("list[str]", _IDENTIFIERS(root)))
    for identifier in identifiers:
        if everywhere[identifier] != 1:
            raise SignatureInvalid(f"the identifier {identifier!r} must belong to one element")


def encode_base64(data: bytes) -> str:
    """Base64 as it is written into an element."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(element: etree._Element) -> bytes:
    """Bytes of an element with base64 content, broken into lines or not. Raises SignatureInvalid for anything
    else.

    The bits behind the last byte must be zero (RFC 4648 §3.5), so that the same bytes have one spelling.
    """
    written = "".join(xml.text_of(element).split())
    try:
        data = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid(f"<{etree.QName(element).localname}> is not base64") from error
    if encode_base64(data) != written:
        raise SignatureInvalid(f"<{etree.QName(element).localname}> is not base64 in its one form")
    return data


def _read_references(signed_info: etree._Element, most: int) -> tuple[Reference, ...]:
    names = [child.tag for child in signed_info]
    expected = [ds("CanonicalizationMethod"), ds("SignatureMethod")]
    found = names[2:]
    if names[:2] != expected or not found or len(found) > most or set(found) != {ds("Reference")}:
        raise SignatureInvalid("SignedInfo must hold two methods and then the references")
    return tuple(_read_reference(child) for child in list(signed_info)[2:])


def _read_reference(element: etree._Element) -> Reference:
    uri = element.get("URI")
    if uri is None:
        raise SignatureInvalid("a reference without URI is not accepted")
    if [child.tag for child in element] not in _REFERENCE_FORMS:
        raise SignatureInvalid("a Reference must hold its Transforms, if any, and one digest")
    steps = element.findall(f"{ds('Transforms')}/{ds('Transform')}")
    return Reference(
        uri=uri,
        transforms=tuple(map(_read_transform, steps)),
        digest_method=_read_method(element, "DigestMethod").algorithm,
        digest_value=decode_base64(only_child(element, ds("DigestValue"))),
        type=element.get("Type"),
        identifier=element.get("Id"),
    )


def _read_method(parent: etree._Element, name: str) -> Transform:
    return _read_transform(only_child(parent, ds(name)))


def _read_transform(element: etree._Element) -> Transform:
    """Algorithm and, for exclusive C14N, the PrefixList; any other parameter is refused.

    Some signers take their signature out by an expression. In a document with one signature, and others are refused,
    the expressions that they write mean the enveloped-signature transform.
    """
    prefixes: tuple[str, ...] = ()
    if len(element) > 1:
        raise SignatureInvalid("an algorithm has more than one parameter")
    if _takes_out_signatures(element):
        return Transform(algorithms.ENVELOPED)
    for parameter in element:
        if parameter.tag != f"{{{_EXC}}}InclusiveNamespaces":
            raise SignatureInvalid(f"parameter <{etree.QName(parameter).localname}> is not accepted")
        prefixes = tuple((parameter.get("PrefixList") or "").split())
    if "#default" in prefixes:
        # lxml passes on only names that occur in the document, so libxml2 never hears of this one.
        raise SignatureInvalid("#default in a PrefixList is not supported")
    return Transform(element.get("Algorithm") or "", prefixes)


def _takes_out_signatures(transform: etree._Element) -> bool:
    said = [
        (transform.get("Algorithm"), step.tag, step.get("Filter"), (step.text or "").strip())
        for step in transform
        if len(step) == 0 and step.nsmap.get("ds") == DS
    ]
    return len(said) == 1 and said[0] in _TAKING_OUT
