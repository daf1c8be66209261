"""XML signatures by the `signxml` package, so that hub and agencies do not share a mistake.

Two profiles: enveloped (whole document, last child, exclusive C14N) and the two-reference profile of the
social-insurance gateway (inclusive C14N 1.0; one reference to the document's Id, one to the ds:Object of the
signature).
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature as CryptoInvalid
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import SignatureReference, XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from sandbox.core.keys import Identity
from sandbox.core.xml import DSIG, add, child, copy_of, parse, spaces

METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
# XML-DSig wants a foreign namespace inside SignatureProperty; signing tools in use in Vietnam write this one.
PROPERTIES = "http://example.org/#signatureProperties"
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
INCLUSIVE = CanonicalizationMethod.CANONICAL_XML_1_0


class BadSignature(Exception):
    """The document is not signed as the contract demands."""


def check(
    root: etree._Element, certificate: x509.Certificate, now: datetime, *, location: str, references: int
) -> list[VerifyResult]:
    """Verify the one signature found at ``location`` with a pinned certificate. Raises `BadSignature`."""
    config = SignatureConfiguration(
        location=location,
        expect_references=references,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=now,
    )
    try:
        found = XMLVerifier().verify(copy_of(root), x509_cert=certificate, expect_config=config)
    except (SignXMLException, CryptoInvalid, etree.LxmlError, ValueError, TypeError) as error:
        raise BadSignature(str(error) or type(error).__name__) from error
    return found if isinstance(found, list) else [found]


def sign_enveloped(root: etree._Element, identity: Identity) -> etree._Element:
    """A copy of ``root`` with ds:Signature as its last child."""
    signer = XMLSigner(c14n_algorithm=EXCLUSIVE)
    signed: etree._Element = signer.sign(
        copy_of(root), key=identity.key, cert=identity.pem, reference_uri=None
    )
    return signed


def verify_enveloped(root: etree._Element, certificate: x509.Certificate, now: datetime) -> etree._Element:
    """The signed element without its signature: read only this. Raises `BadSignature`."""
    signatures = root.findall(f".//{{{DSIG}}}Signature")
    if len(signatures) != 1 or len(root) == 0 or root[-1] is not signatures[0]:
        raise BadSignature("one ds:Signature is expected, as the last child")
    references = signatures[0].findall(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")
    if [item.get("URI") for item in references] != [""]:
        raise BadSignature('one reference with URI="" is expected')
    (result,) = check(root, certificate, now, location="./", references=1)
    return _element(result)


def sign_two_reference(
    root: etree._Element, identity: Identity, *, payload: str, holder: str, at: datetime
) -> etree._Element:
    """A copy of ``root`` signed in the two-reference profile.

    ``payload`` names the child that carries ``Id``; ``holder`` (``CHUKYDONVI``) the empty child that gets the
    signature. Documents of this profile have no namespaces, so inclusive and exclusive C14N see the same
    context.
    """
    document = copy_of(root)
    place, body = child(document, holder), child(document, payload)
    if place is None or body is None:
        raise ValueError(f"{root.tag}: needs {payload} and {holder}")
    identifier = str(body.attrib["Id"])
    shell = etree.SubElement(place, f"{{{DSIG}}}Signature", nsmap={"ds": DSIG})
    shell.set("Id", f"Signature-{identifier}")
    shell.append(_signing_time(f"Object-{holder}-{identifier}", identifier, at))
    signer = XMLSigner(SignatureConstructionMethod.detached, c14n_algorithm=INCLUSIVE)
    uris = (f"#Object-{holder}-{identifier}", f"#{identifier}")
    signature = signer.sign(
        document,
        key=identity.key,
        cert=identity.pem,
        reference_uri=[SignatureReference(URI=uri, c14n_method=INCLUSIVE) for uri in uris],
    )
    for position, item in enumerate(list(signature)):
        shell.insert(position, item)
    return document


def verify_two_reference(
    root: etree._Element, certificate: x509.Certificate, now: datetime, *, payload: str, holder: str
) -> etree._Element:
    """The signed payload element: read only this. Raises `BadSignature`."""
    body, place = child(root, payload), child(root, holder)
    signatures = root.findall(f".//{{{DSIG}}}Signature")
    if body is None or place is None or len(signatures) != 1 or signatures[0].getparent() is not place:
        raise BadSignature(f"{payload} and one ds:Signature inside {holder} are expected")
    identifier = body.get("Id", "")
    uris = {
        item.get("URI", "") for item in signatures[0].findall(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")
    }
    if not identifier or uris != {f"#Object-{holder}-{identifier}", f"#{identifier}"}:
        raise BadSignature(f"references to {payload} and to the signature's own object are expected")
    results = check(root, certificate, now, location=f"./{holder}/", references=2)
    found = [_element(item) for item in results]
    return next(item for item in found if item.tag == body.tag)


def _signing_time(object_id: str, identifier: str, at: datetime) -> etree._Element:
    element = etree.Element(f"{{{DSIG}}}Object", {"Id": object_id}, nsmap={"ds": DSIG})
    signed_property = add(add(element, "SignatureProperties"), "SignatureProperty")
    signed_property.set("Target", f"#Signature-{identifier}")
    time = etree.SubElement(signed_property, f"{{{PROPERTIES}}}SigningTime", nsmap=spaces({None: PROPERTIES}))
    time.text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return element


def _element(result: VerifyResult) -> etree._Element:
    if result.signed_xml is None:
        raise BadSignature("what was signed is not XML")
    return parse(etree.tostring(result.signed_xml))
