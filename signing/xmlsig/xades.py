"""XAdES signatures at the baseline levels B-B, B-T and B-LT: inside a document, around data, or beside files.

*Enveloped*: the last child of a document's root, over the rest of the document. *Enveloping*: a ``ds:Signature``
with the data in a ``ds:Object``. *Detached*: a ``ds:Signature`` that names files by relative address, for ASiC
containers (ETSI EN 319 162-1 §4.4).

A signature is made at B-B; `add_timestamp` raises it to B-T and `add_validation_data` to B-LT. Verification knows
where everything must stand, never looks an element up by its identifier, and returns what was signed. Everything
is canonicalised in its final place, so that the surroundings of an inclusive form are those that a verifier sees.

Standard: ETSI EN 319 132-1 v1.2.1, clauses 4.3 to 5.5 and 6; see `signing.xmlsig.xades_properties` for the properties
and `signing.xmlsig.xades_opened` for what all three forms have in common when they are verified.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography import x509
from lxml import etree

from signing import algorithms, xml
from signing.algorithms import Content
from signing.errors import SignatureInvalid, SigningError
from signing.keys import Signer, steady
from signing.pki.certificates import certificate_der
from signing.xmlsig import contents, signature, xades_properties, xmldsig
from signing.xmlsig.freshness import DEFAULT_WINDOW, Seen, Window
from signing.xmlsig.signature import Believing, Reference, Transform, Verified
from signing.xmlsig.xades_opened import Conditions, Opened, Stamped, VerifiedXades
from signing.xmlsig.xmldsig import check_refers_to_document, document_reference, only_signature

_OBJECT = "http://www.w3.org/2000/09/xmldsig#Object"
_XML_MEDIA_TYPE = "text/xml"
_BINARY_MEDIA_TYPE = "application/octet-stream"


# ---------------------------------------------------------------------------------------------- signing


def sign_enveloped(
    root: etree._Element,
    signer: Signer,
    *,
    at: datetime,
    canonicalization: str = algorithms.EXCLUSIVE_C14N,
    digest_method: str = algorithms.SHA256,
    media_type: str = _XML_MEDIA_TYPE,
) -> etree._Element:
    """Append a signature over the whole document as the last child of ``root``, and return it.

    ``at`` becomes the stated signing time. Raises SigningError if ``root`` is not the root of its document or is
    signed already.
    """
    content = document_reference(root, canonicalization, digest_method)
    draft = _Draft(signer, at, canonicalization, digest_method, content.digest_value)
    draft.refer(content, media_type)
    return draft.sign(root)


def sign_enveloping(
    content: bytes | etree._Element,
    signer: Signer,
    *,
    at: datetime,
    canonicalization: str = algorithms.EXCLUSIVE_C14N,
    digest_method: str = algorithms.SHA256,
    media_type: str | None = None,
) -> etree._Element:
    """A signature that holds a copy of an element, or data in base64, in its first Object.

    It is a document of its own; made with inclusive C14N, it cannot be moved into another one.
    """
    if isinstance(content, bytes):
        kind, transform, usual = f' Encoding="{algorithms.BASE64}"', algorithms.BASE64, _BINARY_MEDIA_TYPE
        inside = signature.encode_base64(content).encode("ascii")
    else:
        kind, transform, usual = "", canonicalization, _XML_MEDIA_TYPE
        # The inclusive form brings along the namespaces that only values use.
        inside = xml.canonicalize(content, exclusive=False)
    draft = _Draft(signer, at, canonicalization, digest_method, inside)
    identifier = f"{draft.identifier}-object"
    shell = _shell(f'<ds:Object Id="{identifier}"{kind}>'.encode(), inside)
    reference = Reference(f"#{identifier}", (Transform(transform),), digest_method, type=_OBJECT)
    draft.refer(reference, media_type or usual, shell[0])
    return draft.sign(shell=shell)


def _shell(opening: bytes, inside: bytes) -> etree._Element:
    """A ``ds:Signature`` with nothing but the Object.

    It is parsed with its content: an element that is moved in lxml's tree may change its prefixes on the way.
    """
    start = f'<ds:Signature xmlns:ds="{signature.DS}">'.encode()
    return xml.reparse(b"%b%b%b</ds:Object></ds:Signature>" % (start, opening, inside))


def sign_detached(
    files: Mapping[str, Content],
    signer: Signer,
    *,
    at: datetime,
    media_types: Mapping[str, str],
    canonicalization: str = algorithms.EXCLUSIVE_C14N,
    digest_method: str = algorithms.SHA256,
    parent: etree._Element | None = None,
) -> etree._Element:
    """A signature over the octets of ``files``, which it names by relative address, in the order given.

    ``media_types`` by name; what is missing there is called a sequence of octets. A file is given as bytes or as
    a function that opens it. The signature is put into ``parent`` if one is given: with inclusive C14N it cannot be
    moved elsewhere afterwards. Raises SigningError for no file, or a name that is no relative path.
    """
    if not files:
        raise SigningError("there is no file to sign")
    references = {
        name: Reference(contents.address(name), (), digest_method, algorithms.digest(digest_method, content))
        for name, content in files.items()
    }
    digests = b"".join(reference.digest_value for reference in references.values())
    draft = _Draft(signer, at, canonicalization, digest_method, digests)
    for name, reference in references.items():
        draft.refer(reference, media_types.get(name, _BINARY_MEDIA_TYPE))
    written = draft.sign(parent)
    if parent is not None:  # where the same signature may stand already
        signature.check_unique(written.getroottree().getroot(), [draft.identifier])
    return written


class _Draft:
    """A signature that is being put together; its identifiers follow from what is signed, by whom and when."""

    def __init__(
        self, signer: Signer, at: datetime, canonicalization: str, digest_method: str, content: bytes
    ) -> None:
        self._signer, self._at = steady(signer), at
        self._canonicalization, self._digest_method = canonicalization, digest_method
        mixed = hashlib.sha256(certificate_der(self._signer.certificate))
        mixed.update(at.isoformat().encode())
        mixed.update(content)
        self.identifier = f"xades-{mixed.hexdigest()[:24]}"
        self._references: list[Reference] = []
        self._media_types: dict[str, str] = {}
        self._targets: dict[str, etree._Element] = {}

    def refer(self, reference: Reference, media_type: str, holder: etree._Element | None = None) -> None:
        """Sign one more content; ``holder`` is the Object that holds it, unless it is digested already."""
        identifier = f"{self.identifier}-{len(self._references) + 1}"
        self._references.append(dataclasses.replace(reference, identifier=identifier))
        self._media_types[identifier] = media_type
        if holder is not None:
            self._targets[reference.uri] = holder

    def sign(
        self, parent: etree._Element | None = None, *, shell: etree._Element | None = None
    ) -> etree._Element:
        """The completed signature, as the last child of ``parent`` or in the ``shell`` that holds its contents."""
        about = Reference(
            f"#{self.identifier}-properties",
            (Transform(self._canonicalization),),
            self._digest_method,
            type=xades_properties.TYPE,
        )
        references = [*self._references, about]
        written = signature.write(references, self._signer, canonicalization=self._canonicalization)
        signature.enclose_certificate(written, self._signer.certificate)
        if shell is not None:
            shell[:0] = list(written)
            written = shell
        written.set("Id", self.identifier)
        properties = xades_properties.write(written, self._signer.certificate, self._at, self._media_types)
        if parent is not None:
            parent.append(written)
        signature.complete(written, references, self._signer, {**self._targets, about.uri: properties})
        return written


def stamped_bytes(written: etree._Element) -> bytes:
    """The bytes that a signature time-stamp covers: the canonical ``ds:SignatureValue`` (clause 5.3)."""
    return xades_properties.stamped(written)


def add_timestamp(written: etree._Element, token: bytes) -> None:
    """Raise a signature to B-T: add a TimeStampToken (DER) over `stamped_bytes`."""
    xades_properties.add_timestamp(written, token)


def add_validation_data(
    written: etree._Element,
    certificates: Sequence[x509.Certificate],
    crls: Sequence[bytes],
    ocsps: Sequence[bytes],
) -> None:
    """Raise a time-stamped signature to B-LT: add the chains of signer and time-stamp, and their revocation (DER).

    What was added before is replaced.
    """
    values = [certificate_der(certificate) for certificate in certificates]
    xades_properties.add_validation_data(written, values, crls, ocsps)


# -------------------------------------------------------------------------------------------- verifying


def verify_enveloped(
    root: etree._Element,
    trust: Believing,
    at: datetime,
    *,
    stamped: Stamped | None = None,
    seen: Seen | None = None,
    window: Window = DEFAULT_WINDOW,
) -> VerifiedXades:
    """Check the one signature of a document; ``element`` is the document without it.

    A time that ``stamped`` proves replaces ``at`` for the signer's certificate. With ``seen`` a signature counts
    once, for as long after its signing time as ``window`` says. Raises SignatureInvalid, Untrusted or Replayed.
    """
    written = only_signature(root)
    if written.getparent() is not root or root.getparent() is not None:
        raise SignatureInvalid("the signature must be a child of the document's root element")
    opened = Opened(written, Conditions(trust, at, stamped, seen, window), objects=1)
    reference = opened.only_content()
    check_refers_to_document(reference, root)
    data = signature.referred(reference, root, written)
    return opened.verified({"": reference}, element=xml.reparse(data))


def verify_document(
    root: etree._Element, trust: Believing, at: datetime, *, baseline: bool = False
) -> Verified:
    """Check the one signature of a document, whether it is XAdES or plain XML-DSig.

    With ``baseline`` it must be XAdES. Raises SignatureInvalid or Untrusted.
    """
    if (
        not baseline
        and next(only_signature(root).iter(xades_properties.xades("QualifyingProperties")), None) is None
    ):
        return xmldsig.verify_enveloped(root, trust, at)
    found = verify_enveloped(root, trust, at)
    assert found.element is not None  # it is what an enveloped signature covers
    return Verified(found.element, found.certificate, found.partner, found.signing_time)


def verify_enveloping(
    written: etree._Element,
    trust: Believing,
    at: datetime,
    *,
    stamped: Stamped | None = None,
    seen: Seen | None = None,
    window: Window = DEFAULT_WINDOW,
) -> VerifiedXades:
    """Check a signature that holds what it signs; ``element`` or ``data`` is that. See `verify_enveloped`."""
    opened = Opened(written, Conditions(trust, at, stamped, seen, window), objects=2)
    reference = opened.only_content()
    content = contents.held(reference, opened.holder(), written)
    if isinstance(content, bytes):
        return opened.verified({"": reference}, data=content)
    return opened.verified({"": reference}, element=content)


def verify_detached(
    written: etree._Element,
    files: Mapping[str, Content],
    trust: Believing,
    at: datetime,
    *,
    whole: bool = True,
    stamped: Stamped | None = None,
    seen: Seen | None = None,
    window: Window = DEFAULT_WINDOW,
) -> VerifiedXades:
    """Check a signature over ``files`` by name; ``files`` of the result are those that it covers.

    Each is referred to once, and each of them unless ``whole`` is off. Raises ContentChanged with the names of all
    files that were changed. See `verify_enveloped`.
    """
    conditions = Conditions(trust, at, stamped, seen, window)
    opened = Opened(written, conditions, objects=1, most=contents.MOST_FILES)
    named = contents.covered(opened.contents, files, whole=whole)
    return opened.verified(named, files={name: files[name] for name in named})
