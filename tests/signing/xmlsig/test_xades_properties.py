from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from asn1crypto import tsp
from lxml import etree

from signing import algorithms, xml
from signing.errors import SignatureInvalid
from signing.pki.certificates import certificate_der
from signing.xmlsig import xades, xades_properties
from signing.xmlsig.signature import decode_base64
from tests import pki

XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
XADES_141 = "{http://uri.etsi.org/01903/v1.4.1#}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def signed(name: str = "cutru", at: datetime = pki.NOW) -> etree._Element:
    return xades.sign_enveloping(b"data", pki.signer(name), at=at)


def find(root: etree._Element, name: str) -> Any:
    element = root.find(f".//{{*}}{name}")
    assert element is not None
    return element


def unsigned(written: etree._Element) -> xades_properties.UnsignedProperties:
    return xades_properties.read_unsigned(find(xml.parse(xml.serialize(written)), "QualifyingProperties"))


def test_the_properties_have_the_form_of_the_baseline() -> None:
    """Names and order are those of the schema (EN 319 132-1 clause 5 and table 2)."""
    written = signed()
    names = [etree.QName(each).localname for each in find(written, "QualifyingProperties").iter()]
    assert names == [
        "QualifyingProperties",
        "SignedProperties",
        "SignedSignatureProperties",
        "SigningTime",
        "SigningCertificateV2",
        "Cert",
        "CertDigest",
        "DigestMethod",
        "DigestValue",
        "IssuerSerialV2",
        "SignedDataObjectProperties",
        "DataObjectFormat",
        "MimeType",
    ]
    references = list(find(written, "SignedInfo").iterfind(f"{DS}Reference"))
    assert references[-1].get("Type") == "http://uri.etsi.org/01903#SignedProperties"
    assert find(written, "DataObjectFormat").get("ObjectReference") == f"#{references[0].get('Id')}"


def test_the_signing_time_is_written_in_utc() -> None:
    """Whatever zone the caller's clock has."""
    at = pki.NOW.astimezone(timezone(timedelta(hours=7)))
    assert find(signed(at=at), "SigningTime").text == "2026-09-01T08:30:00Z"


def test_the_certificate_is_named_by_digest_issuer_and_serial_number() -> None:
    """The names are read back with a library for such structures (RFC 5035 §4)."""
    written, certificate = signed(), pki.certificate("cutru")
    digest = decode_base64(find(find(written, "CertDigest"), "DigestValue"))
    assert digest == algorithms.digest(algorithms.SHA256, certificate_der(certificate))
    named = tsp.IssuerSerial.load(decode_base64(find(written, "IssuerSerialV2")), strict=True)
    assert named["serial_number"].native == certificate.serial_number
    assert named["issuer"][0].chosen.untag().dump() == certificate.issuer.public_bytes()


def properties(*, cert: str, time: str = "2026-09-01T08:30:00Z", more: str = "") -> etree._Element:
    """SignedProperties with a given content of SigningCertificate."""
    return xml.parse(
        f'<x:SignedProperties xmlns:x="{XADES[1:-1]}" xmlns:ds="{DS[1:-1]}"><x:SignedSignatureProperties>'
        f"<x:SigningTime>{time}</x:SigningTime>{cert}</x:SignedSignatureProperties>{more}</x:SignedProperties>".encode()
    )


def named(
    name: str = "cutru", kind: str = "SigningCertificateV2", more: str = "", method: str = algorithms.SHA256
) -> str:
    """SigningCertificate that names a certificate of the test PKI."""
    written = etree.Element("x")
    digest = algorithms.digest(algorithms.SHA256, certificate_der(pki.certificate(name)))
    xades_properties.signature.write_digest(written, method, digest)
    digest_text = "".join(etree.tostring(child, encoding="unicode") for child in written)
    return f"<x:{kind}><x:Cert><x:CertDigest>{digest_text}</x:CertDigest>{more}</x:Cert></x:{kind}>"


@pytest.mark.parametrize("kind", ["SigningCertificateV2", "SigningCertificate"])
def test_both_forms_of_naming_the_certificate_are_read(kind: str) -> None:
    """Signers that follow the edition before name it without V2."""
    read = xades_properties.read_signed(properties(cert=named(kind=kind)), pki.certificate("cutru"))
    assert (read.signing_time, dict(read.media_types)) == (pki.NOW, {})


ISSUER_OF_ANOTHER = "<x:IssuerSerialV2>{}</x:IssuerSerialV2>".format(
    find(signed("bhxh"), "IssuerSerialV2").text
)


@pytest.mark.parametrize(
    ("cert", "why"),
    [
        ("", "say once"),
        (named() + named(kind="SigningCertificate"), "say once"),
        (named() + named(), "one <SigningCertificateV2>"),
        ("<x:SigningCertificateV2/>", "names no certificate"),
        (named("bhxh"), "not the one"),
        (named(method="http://www.w3.org/2000/09/xmldsig#sha1"), "not accepted"),
        (named(more=ISSUER_OF_ANOTHER), "another certificate"),
        (named(more="<x:IssuerSerialV2>AAAA</x:IssuerSerialV2>"), "not DER"),
        (named(more="<x:IssuerSerialV2>MAA=</x:IssuerSerialV2>"), "cannot be read"),
    ],
)
def test_a_certificate_that_is_not_the_one_named_is_refused(cert: str, why: str) -> None:
    """Otherwise another certificate with the same key could take its place."""
    with pytest.raises(SignatureInvalid, match=why):
        xades_properties.read_signed(properties(cert=cert), pki.certificate("cutru"))


def test_an_issuer_may_be_spelt_in_another_way() -> None:
    """Names are compared as names (RFC 5280 §7.1): upper and lower case are the same."""
    ours = decode_base64(find(signed(), "IssuerSerialV2"))
    theirs = ours.replace(b"\x0c\x02ca", b"\x0c\x02CA")
    assert theirs != ours
    more = f"<x:IssuerSerialV2>{base64.b64encode(theirs).decode()}</x:IssuerSerialV2>"
    xades_properties.read_signed(properties(cert=named(more=more)), pki.certificate("cutru"))


def test_a_format_is_stated_once() -> None:
    """Two types for one content would let readers choose."""
    stated = '<x:DataObjectFormat ObjectReference="#r"><x:MimeType>text/xml</x:MimeType></x:DataObjectFormat>'
    more = f"<x:SignedDataObjectProperties>{stated * 2}</x:SignedDataObjectProperties>"
    with pytest.raises(SignatureInvalid, match="twice"):
        xades_properties.read_signed(properties(cert=named(), more=more), pki.certificate("cutru"))


def test_what_was_added_is_read_back() -> None:
    """Tokens, certificates, lists and answers, in the order in which they were added."""
    written = signed()
    xades.add_timestamp(written, b"token 1")
    xades.add_validation_data(written, [pki.certificate("ca")], [b"list"], [b"answer 1", b"answer 2"])
    xades.add_timestamp(written, b"token 2")
    found = unsigned(written)
    assert found.timestamps == (
        (b"token 1", algorithms.EXCLUSIVE_C14N),
        (b"token 2", algorithms.EXCLUSIVE_C14N),
    )
    assert found.certificates == (certificate_der(pki.certificate("ca")),)
    assert (found.crls, found.ocsps) == ((b"list",), (b"answer 1", b"answer 2"))
    names = [etree.QName(each).localname for each in find(written, "UnsignedSignatureProperties")]
    assert names == ["SignatureTimeStamp", "SignatureTimeStamp", "CertificateValues", "RevocationValues"]


def test_fresher_validation_data_replaces_the_old() -> None:
    """A signature is augmented again without growing."""
    written = signed()
    xades.add_validation_data(written, [pki.certificate("ca")], [b"old"], [])
    xades.add_validation_data(written, [pki.certificate("ca")], [b"new"], [])
    assert (unsigned(written).crls, len(unsigned(written).certificates)) == ((b"new",), 1)
    xades.add_validation_data(written, [], [], [])
    assert unsigned(written).crls == (b"new",)


def test_a_time_stamp_covers_the_canonical_signature_value() -> None:
    """The element and not its text alone (clause 5.3), in the canonical form that the token's property states."""
    written = signed()
    value = find(written, "SignatureValue").text
    expected = f'<ds:SignatureValue xmlns:ds="{DS[1:-1]}">{value}</ds:SignatureValue>'.encode()
    assert xades.stamped_bytes(written) == expected
    assert xades_properties.stamped(written, algorithms.C14N) == expected
    with pytest.raises(SignatureInvalid, match="not accepted"):
        xades_properties.stamped(written, "urn:other")


def test_a_token_without_stated_canonicalisation_covers_the_inclusive_form() -> None:
    """That is what the standard says of a missing CanonicalizationMethod."""
    written = signed()
    xades.add_timestamp(written, b"token")
    stamp = find(written, "SignatureTimeStamp")
    stamp.remove(stamp[0])
    assert unsigned(written).timestamps == ((b"token", algorithms.C14N),)


def test_values_for_the_time_stamps_may_stand_apart() -> None:
    """TimeStampValidationData is of the later namespace (clause 5.5.1); its values count like the others."""
    written = signed()
    xades.add_validation_data(written, [pki.certificate("ca")], [b"list"], [])
    place = find(written, "UnsignedSignatureProperties")
    apart = etree.SubElement(place, f"{XADES_141}TimeStampValidationData")
    apart.extend(list(place)[:2])
    assert (len(unsigned(written).certificates), unsigned(written).crls) == (1, (b"list",))


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<x:Unknown/>",
        "<x:CertificateValues/>",
        "<x:CertificateValues><x:OtherCertificate/></x:CertificateValues>",
        '<x:CertificateValues><x:EncapsulatedX509Certificate Encoding="urn:ber"/></x:CertificateValues>',
        "<x:CertificateValues><x:EncapsulatedX509Certificate>!</x:EncapsulatedX509Certificate></x:CertificateValues>",
        "<x:RevocationValues><x:OtherValues/></x:RevocationValues>",
        "<x:SignatureTimeStamp><x:XMLTimeStamp/></x:SignatureTimeStamp>",
        "<x:CounterSignature/>",
        "<x:SignatureTimeStamp>"
        + "<x:EncapsulatedTimeStamp>AA==</x:EncapsulatedTimeStamp>" * 65
        + "</x:SignatureTimeStamp>",
    ],
)
def test_unsigned_properties_that_cannot_be_read_are_refused(inside: str) -> None:
    """What is silently left out could be what mattered."""
    holder = xml.parse(
        f'<x:QualifyingProperties xmlns:x="{XADES[1:-1]}"><x:UnsignedProperties><x:UnsignedSignatureProperties>'
        f"{inside}</x:UnsignedSignatureProperties></x:UnsignedProperties></x:QualifyingProperties>".encode()
    )
    with pytest.raises(SignatureInvalid):
        xades_properties.read_unsigned(holder)


def test_properties_of_the_archive_levels_are_left_alone() -> None:
    """A signature at B-LTA is still one at B-LT for us."""
    written = signed()
    xades.add_validation_data(written, [], [b"list"], [])
    etree.SubElement(find(written, "UnsignedSignatureProperties"), f"{XADES_141}ArchiveTimeStamp")
    assert unsigned(written).crls == (b"list",)
