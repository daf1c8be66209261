"""The qualifying properties of a XAdES signature: what the signer says about it, and what is added later.

Written and read is what the baseline levels need (table 2 of the standard)::

    ds:Object
      xades:QualifyingProperties Target="#signature"
        xades:SignedProperties Id
          SignedSignatureProperties      SigningTime, SigningCertificateV2          B-B
          SignedDataObjectProperties     DataObjectFormat per reference             B-B
        xades:UnsignedProperties
          UnsignedSignatureProperties    SignatureTimeStamp                         B-T
                                         CertificateValues, RevocationValues        B-LT

Signed properties are read from the signed bytes. Unsigned ones prove nothing by themselves: tokens, certificates
and revocation data carry signatures of their own, which whoever uses them must check.

Standard: ETSI EN 319 132-1 v1.2.1, clauses 4.3 to 5.5 and 6.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from asn1crypto import tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from lxml import etree

from signing import algorithms, xml
from signing.errors import SignatureInvalid
from signing.pki.certificates import certificate_der
from signing.stamps.cms import reading
from signing.stamps.der import require_der
from signing.xmlsig import signature
from signing.xmlsig.freshness import read_time
from signing.xmlsig.signature import ds, only_child

XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141 = "http://uri.etsi.org/01903/v1.4.1#"
TYPE = "http://uri.etsi.org/01903#SignedProperties"

_MOST_NAME_BYTES = 8_192
_MOST_VALUES = 64  # of one kind; a chain has three or four
# What may stand beside a signature (clause 5.2.9 to 5.5, annex A); what is not read here is left alone.
_UNSIGNED = frozenset(
    [
        f"{{{XADES}}}{name}"
        for name in (
            "SignatureTimeStamp",
            "CompleteCertificateRefs",
            "CompleteRevocationRefs",
            "AttributeCertificateRefs",
            "AttributeRevocationRefs",
            "SigAndRefsTimeStamp",
            "RefsOnlyTimeStamp",
            "CertificateValues",
            "RevocationValues",
            "AttrAuthoritiesCertValues",
            "AttributeRevocationValues",
            "ArchiveTimeStamp",
        )
    ]
    + [
        f"{{{XADES_141}}}{name}"
        for name in (
            "TimeStampValidationData",
            "ArchiveTimeStamp",
            "CompleteCertificateRefsV2",
            "AttributeCertificateRefsV2",
            "SigAndRefsTimeStampV2",
            "RefsOnlyTimeStampV2",
            "RenewedDigests",
            "SignaturePolicyStore",
        )
    ]
)
_DER = "http://uri.etsi.org/01903/v1.2.2#DER"


@dataclasses.dataclass(frozen=True, slots=True)
class SignedProperties:
    """What the signer said under the signature; ``media_types`` by identifier of a reference."""

    signing_time: datetime
    media_types: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class UnsignedProperties:
    """What stands beside the signature: tokens with the canonicalisation of what they cover, and DER values."""

    timestamps: tuple[tuple[bytes, str], ...] = ()
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


def xades(name: str) -> str:
    """Clark name of ``name`` in the XAdES namespace."""
    return f"{{{XADES}}}{name}"


def write(
    written: etree._Element,
    certificate: x509.Certificate,
    at: datetime,
    media_types: Mapping[str, str],
) -> etree._Element:
    """Append an Object with the properties of ``written`` and return its SignedProperties, to be referred to.

    The signature must have an ``Id``, and ``media_types`` go by identifier of a reference.
    """
    identifier = written.get("Id")
    holder = etree.SubElement(written, ds("Object"))
    qualifying = etree.SubElement(
        holder, xades("QualifyingProperties"), Target=f"#{identifier}", nsmap={"xades": XADES}
    )
    properties = etree.SubElement(qualifying, xades("SignedProperties"), Id=f"{identifier}-properties")
    about = etree.SubElement(properties, xades("SignedSignatureProperties"))
    etree.SubElement(about, xades("SigningTime")).text = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    _write_certificate(about, certificate)
    data = etree.SubElement(properties, xades("SignedDataObjectProperties"))
    for reference, media_type in media_types.items():
        described = etree.SubElement(data, xades("DataObjectFormat"), ObjectReference=f"#{reference}")
        etree.SubElement(described, xades("MimeType")).text = media_type
    return properties


def _write_certificate(about: etree._Element, certificate: x509.Certificate) -> None:
    """Which certificate was meant (clause 5.2.2), so that no other with the same key can take its place."""
    named = etree.SubElement(
        etree.SubElement(about, xades("SigningCertificateV2")),
        xades("Cert"),
    )
    digest, issuer_serial = _names(certificate)
    signature.write_digest(etree.SubElement(named, xades("CertDigest")), algorithms.SHA256, digest)
    etree.SubElement(named, xades("IssuerSerialV2")).text = signature.encode_base64(issuer_serial)


@functools.lru_cache(maxsize=64)
def _names(certificate: x509.Certificate) -> tuple[bytes, bytes]:
    """Digest, and DER of IssuerSerial (RFC 5035 §4)."""
    der = certificate_der(certificate)
    issuer = asn1.GeneralName(name="directory_name", value=asn1.Certificate.load(der).issuer)
    named = tsp.IssuerSerial({"issuer": [issuer], "serial_number": certificate.serial_number})
    return algorithms.digest(algorithms.SHA256, der), bytes(named.dump())


def holder_of(written: etree._Element) -> etree._Element:
    """The QualifyingProperties of a signature: alone in one of its Objects. Raises SignatureInvalid."""
    found = [
        child
        for holder in written.findall(ds("Object"))
        for child in holder
        if child.tag == xades("QualifyingProperties")
    ]
    if len(found) != 1 or len(_parent(found[0])) != 1:
        raise SignatureInvalid(
            "the signature must have one Object with QualifyingProperties and nothing else"
        )
    identifier = written.get("Id")
    if not identifier or found[0].get("Target") != f"#{identifier}":
        raise SignatureInvalid("the QualifyingProperties are not about the signature that they stand in")
    names = [child.tag for child in found[0]]
    if names[:1] != [xades("SignedProperties")] or names[1:] not in ([], [xades("UnsignedProperties")]):
        raise SignatureInvalid(
            "QualifyingProperties must hold SignedProperties and then unsigned ones, if any"
        )
    return found[0]


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None  # it was found as a child
    return parent


def read_signed(properties: etree._Element, certificate: x509.Certificate) -> SignedProperties:
    """Read SignedProperties, parsed from the signed bytes. Raises SignatureInvalid if they mean another
    certificate."""
    about = only_child(properties, xades("SignedSignatureProperties"))
    _check_certificate(about, certificate)
    return SignedProperties(read_time(only_child(about, xades("SigningTime"))), _media_types(properties))


def _check_certificate(about: etree._Element, certificate: x509.Certificate) -> None:
    """The certificate of KeyInfo is the first that the signer named (clause 5.2.2; before v1.4.1 without V2)."""
    names = [
        name for name in ("SigningCertificateV2", "SigningCertificate") if len(about.findall(xades(name)))
    ]
    if len(names) != 1:
        raise SignatureInvalid("the signed properties must say once which certificate is the signer's")
    named = only_child(about, xades(names[0])).findall(xades("Cert"))
    if not named:
        raise SignatureInvalid(f"{names[0]} names no certificate")
    stated = only_child(named[0], xades("CertDigest"))
    method = only_child(stated, ds("DigestMethod")).get("Algorithm") or ""
    digest = algorithms.digest(method, certificate_der(certificate))
    if digest != signature.decode_base64(only_child(stated, ds("DigestValue"))):
        raise SignatureInvalid("the signer's certificate is not the one that the signed properties name")
    for issuer_serial in named[0].findall(xades("IssuerSerialV2")):
        _check_issuer(signature.decode_base64(issuer_serial), certificate)


def _check_issuer(der: bytes, certificate: x509.Certificate) -> None:
    with reading("IssuerSerialV2"):
        if der == _names(certificate)[1]:
            return
        # Others may spell the same name differently; comparing them as names takes a hundred times as long.
        require_der(der, "IssuerSerialV2", limit=_MOST_NAME_BYTES)
        stated = tsp.IssuerSerial.load(der, strict=True)
        names = [name.chosen for name in stated["issuer"] if name.name == "directory_name"]
        issuer = asn1.Certificate.load(certificate_der(certificate)).issuer
        same = stated["serial_number"].native == certificate.serial_number and issuer in names
    if not same:
        raise SignatureInvalid("IssuerSerialV2 names another certificate than the signer's")


def _media_types(properties: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for data in properties.findall(xades("SignedDataObjectProperties")):
        for described in data.findall(xades("DataObjectFormat")):
            about = (described.get("ObjectReference") or "").removeprefix("#")
            if about in found:
                raise SignatureInvalid(f"the format of reference {about!r} is stated twice")
            found[about] = "".join(xml.text_of(name) for name in described.findall(xades("MimeType")))
    return found


def add_timestamp(written: etree._Element, token: bytes) -> None:
    """Add a token over the signature value (clause 5.3). It must be one over `stamped`'s bytes."""
    method = only_child(only_child(written, ds("SignedInfo")), ds("CanonicalizationMethod")).get("Algorithm")
    stamp = etree.Element(xades("SignatureTimeStamp"))
    etree.SubElement(stamp, ds("CanonicalizationMethod"), Algorithm=method or "")
    etree.SubElement(stamp, xades("EncapsulatedTimeStamp")).text = signature.encode_base64(token)
    unsigned = _unsigned(written)
    unsigned.insert(len(unsigned.findall(stamp.tag)), stamp)


def stamped(written: etree._Element, method: str | None = None) -> bytes:
    """The bytes that a signature time-stamp covers: the canonical ``ds:SignatureValue`` (clause 5.3).

    ``method`` is the token's canonicalisation; without one that of SignedInfo, which `add_timestamp` states.
    """
    if method is None:
        info = only_child(written, ds("SignedInfo"))
        method = only_child(info, ds("CanonicalizationMethod")).get("Algorithm") or ""
    if method not in algorithms.CANONICALIZATIONS:
        raise SignatureInvalid(f"canonicalisation {method} is not accepted")
    value = only_child(written, ds("SignatureValue"))
    return xml.canonicalize(value, exclusive=method == algorithms.EXCLUSIVE_C14N)


def add_validation_data(
    written: etree._Element, certificates: Sequence[bytes], crls: Sequence[bytes], ocsps: Sequence[bytes]
) -> None:
    """Add DER values of the chains and their revocation (clauses 5.4.1, 5.4.2), in place of those added before.

    Those of a time-stamp's authority may be among them (clause 5.5.1: where else they may stand). Nothing changes if
    there is nothing to add.
    """
    if not (certificates or crls or ocsps):
        return
    unsigned = _unsigned(written)
    for name in ("CertificateValues", "RevocationValues"):
        for old in unsigned.findall(xades(name)):
            unsigned.remove(old)
    if certificates:
        values = etree.SubElement(unsigned, xades("CertificateValues"))
        _write_values(values, "EncapsulatedX509Certificate", certificates)
    if crls or ocsps:
        revocation = etree.SubElement(unsigned, xades("RevocationValues"))
        if crls:
            _write_values(etree.SubElement(revocation, xades("CRLValues")), "EncapsulatedCRLValue", crls)
        if ocsps:
            _write_values(etree.SubElement(revocation, xades("OCSPValues")), "EncapsulatedOCSPValue", ocsps)


def _write_values(parent: etree._Element, name: str, values: Sequence[bytes]) -> None:
    for value in values:
        etree.SubElement(parent, xades(name)).text = signature.encode_base64(value)


def _unsigned(written: etree._Element) -> etree._Element:
    """UnsignedSignatureProperties, made if missing; what is signed stays as it is."""
    place = holder_of(written)
    for name in ("UnsignedProperties", "UnsignedSignatureProperties"):
        found = place.find(xades(name))
        place = etree.SubElement(place, xades(name)) if found is None else found
    return place


def read_unsigned(qualifying: etree._Element) -> UnsignedProperties:
    """Read what stands beside the signature. Raises SignatureInvalid for what nobody knows, or that cannot be
    read."""
    holder = qualifying.find(xades("UnsignedProperties"))
    if holder is None:
        return UnsignedProperties()
    place = _holding(holder, xades("UnsignedSignatureProperties"))[0]
    _holding(place, *_UNSIGNED)
    # Values may stand apart for the time-stamps' authorities (clause 5.5.1).
    groups = [place, *place.findall(f"{{{XADES_141}}}TimeStampValidationData")]
    revocation = _inside(groups, "RevocationValues")
    for values in revocation:
        _holding(values, xades("CRLValues"), xades("OCSPValues"))
    return UnsignedProperties(
        timestamps=_read_timestamps(place),
        certificates=_read_values(_inside(groups, "CertificateValues"), "EncapsulatedX509Certificate"),
        crls=_read_values(_inside(revocation, "CRLValues"), "EncapsulatedCRLValue"),
        ocsps=_read_values(_inside(revocation, "OCSPValues"), "EncapsulatedOCSPValue"),
    )


def _inside(groups: Sequence[etree._Element], name: str) -> list[etree._Element]:
    return [found for group in groups for found in group.findall(xades(name))]


def _holding(parent: etree._Element, *names: str) -> list[etree._Element]:
    """The children of ``parent``, at least one, all with one of ``names``: what is ignored can be anything."""
    children = list(parent.iterchildren(etree.Element))
    strange = [etree.QName(child).localname for child in children if child.tag not in names]
    if strange or not children:
        what = f"<{strange[0]}>" if strange else "nothing"
        raise SignatureInvalid(f"<{etree.QName(parent).localname}> must not hold {what}")
    return children


def _read_timestamps(place: etree._Element) -> tuple[tuple[bytes, str], ...]:
    found: list[tuple[bytes, str]] = []
    for stamp in place.findall(xades("SignatureTimeStamp")):
        _holding(stamp, ds("CanonicalizationMethod"), xades("EncapsulatedTimeStamp"))
        method = stamp.find(ds("CanonicalizationMethod"))
        name = algorithms.C14N if method is None else method.get("Algorithm") or ""
        tokens = stamp.findall(xades("EncapsulatedTimeStamp"))
        found.extend((_read_value(token), name) for token in tokens)
    _check_count(found)
    return tuple(found)


def _read_values(groups: Sequence[etree._Element], name: str) -> tuple[bytes, ...]:
    found = [value for group in groups for value in _holding(group, xades(name))]
    _check_count(found)
    return tuple(_read_value(value) for value in found)


def _read_value(value: etree._Element) -> bytes:
    if value.get("Encoding") not in (None, _DER):
        raise SignatureInvalid(f"<{etree.QName(value).localname}> must be DER in base64")
    return signature.decode_base64(value)


def _check_count(found: Sequence[object]) -> None:
    if len(found) > _MOST_VALUES:
        raise SignatureInvalid(f"a signature with more than {_MOST_VALUES} values of one kind is not read")
