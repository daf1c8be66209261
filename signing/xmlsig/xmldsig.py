"""XML signatures over documents, in the profiles that our partners use.

*Enveloped*: one signature as a child of the root, over the whole document.
*Enveloping* and *detached*: an element inside a signature, and files beside it; only verified, because we sign these
as XAdES (`signing.xmlsig.xades`).
*Two references* (social insurance gateway)::

    <HSDLGCS>
      <GIAYCHUNGSINH Id="Id-x">…</GIAYCHUNGSINH>
      <CHUKYDONVI>
        <Signature>… Reference #Object-CHUKYDONVI-Id-x, Reference #Id-x …
          <Object Id="Object-CHUKYDONVI-Id-x">signing time</Object>
        </Signature>
      </CHUKYDONVI>
    </HSDLGCS>

Verification knows where everything must stand, never looks an element up by its identifier, and returns the
element parsed from the signed bytes: moved, copied or wrapped content has nowhere to hide. See
`signing.xmlsig.signature` for the standard.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from cryptography import x509
from lxml import etree

from signing import algorithms, xml
from signing.algorithms import Content
from signing.errors import SignatureInvalid, SigningError
from signing.keys import Signer, steady
from signing.xmlsig import contents, signature
from signing.xmlsig.freshness import (
    DEFAULT_WINDOW,
    Seen,
    Window,
    check_recent,
    check_signing_time,
    read_time,
)
from signing.xmlsig.signature import Believing, Reference, Transform, Verified, ds

__all__ = [
    "Verified",
    "VerifiedFiles",
    "check_refers_to_document",
    "document_reference",
    "only_signature",
    "sign_enveloped",
    "sign_two_reference",
    "verify_detached",
    "verify_enveloped",
    "verify_enveloping",
    "verify_two_reference",
]


_PROPERTIES = "http://example.org/#signatureProperties"  # the name that national signing plug-ins write
_INCLUSIVE = (Transform(algorithms.C14N),)


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedFiles:
    """What a detached signature proved: these files are as the partner signed them."""

    files: Mapping[str, Content]
    certificate: x509.Certificate
    partner: str


def sign_enveloped(
    root: etree._Element,
    signer: Signer,
    *,
    canonicalization: str = algorithms.EXCLUSIVE_C14N,
    digest_method: str = algorithms.SHA256,
) -> None:
    """Append a signature over the whole document as the last child of ``root``.

    Raises SigningError if ``root`` is not the root of its document or is signed already.
    """
    signer = steady(signer)
    references = [document_reference(root, canonicalization, digest_method)]
    written = signature.write(references, signer, canonicalization=canonicalization)
    signature.enclose_certificate(written, signer.certificate)
    root.append(written)
    signature.complete(written, references, signer, {})


def document_reference(root: etree._Element, canonicalization: str, digest_method: str) -> Reference:
    """The reference to a document that is still without the signature, which will be put into it.

    Raises SigningError if ``root`` is not the root of its document or is signed already.
    """
    if root.getparent() is not None:
        raise SigningError("only a whole document can be signed: pass its root element")
    if next(root.iter(ds("Signature")), None) is not None:
        raise SigningError("the document carries a signature already")
    transforms = (Transform(algorithms.ENVELOPED), Transform(canonicalization))
    # Digested before the signature is there: the same bytes, without a copy of the document to remove it from.
    data = xml.canonicalize_document(root, exclusive=canonicalization == algorithms.EXCLUSIVE_C14N)
    return Reference("", transforms, digest_method, algorithms.digest(digest_method, data))


def verify_enveloped(root: etree._Element, trust: Believing, at: datetime) -> Verified:
    """Check the one signature of a document, made by a partner known at time ``at``.

    Returns the document without the signature. Raises SignatureInvalid or Untrusted.
    """
    written = only_signature(root)
    if written.getparent() is not root or root.getparent() is not None:
        raise SignatureInvalid("the signature must be a child of the document's root element")
    checked = signature.check(written, signature.enclosed_certificate(written), trust, at)
    if len(checked.references) != 1:
        raise SignatureInvalid(f"one reference to the document is expected, not {len(checked.references)}")
    reference = checked.references[0]
    check_refers_to_document(reference, root)
    data = signature.referred(reference, root, written)
    return Verified(xml.reparse(data), checked.certificate, checked.partner)


def check_refers_to_document(reference: Reference, root: etree._Element) -> None:
    """Raise SignatureInvalid unless the reference is to the document without its signature.

    It is ``""``, or names the root by an identifier that no other element has.
    """
    if not reference.transforms or reference.transforms[0].algorithm != algorithms.ENVELOPED:
        raise SignatureInvalid("the reference must use the enveloped-signature transform")
    if reference.uri == "":
        return
    identifier = reference.uri.removeprefix("#")
    if reference.uri == identifier or identifier not in (root.get("Id"), root.get("ID")):
        raise SignatureInvalid(f"reference {reference.uri!r} does not mean the whole document")
    signature.check_unique(root, [identifier])


def sign_two_reference(
    root: etree._Element, signer: Signer, *, payload: str, holder: str, at: datetime | None = None
) -> None:
    """Sign child ``payload`` of ``root`` and put the signature into child ``holder``, made if missing.

    ``payload`` and ``holder`` are names as in the document (Clark notation if it has a namespace); the
    payload must have an ``Id``. ``at`` becomes the signing time. Raises SigningError if the document is not
    of that form.
    """
    signer = steady(signer)
    signed = _payload(root, payload)
    identifier = signed.get("Id")
    if not identifier:
        raise SigningError(f"<{payload}> needs an Id to be signed")
    place = root.find(holder)
    if place is None:
        place = etree.SubElement(root, holder)
    if len(place):
        raise SigningError(f"<{holder}> holds a signature already")
    about = f"Object-{etree.QName(place).localname}-{identifier}"
    references = [Reference(f"#{about}", _INCLUSIVE), Reference(f"#{identifier}", _INCLUSIVE)]
    written = signature.write(references, signer, canonicalization=algorithms.C14N)
    signature.enclose_certificate(written, signer.certificate)
    place.append(written)
    properties = _write_properties(written, about, at)
    signature.check_unique(root, [identifier, about])
    targets = {f"#{about}": properties, f"#{identifier}": signed}
    signature.complete(written, references, signer, targets)


def _write_properties(written: etree._Element, identifier: str, at: datetime | None) -> etree._Element:
    """``ds:Object`` with the signing time (§5.2 SignatureProperties); empty if there is none."""
    written.set("Id", f"Signature-{identifier}")
    properties = etree.SubElement(written, ds("Object"), Id=identifier)
    if at is not None:
        group = etree.SubElement(properties, ds("SignatureProperties"))
        prop = etree.SubElement(group, ds("SignatureProperty"), Target=f"#Signature-{identifier}")
        time = etree.SubElement(
            prop, f"{{{_PROPERTIES}}}SigningTime", nsmap=cast("dict[str, str]", {None: _PROPERTIES})
        )
        time.text = at.isoformat(timespec="seconds")
    return properties


def verify_two_reference(
    root: etree._Element,
    trust: Believing,
    at: datetime,
    *,
    payload: str,
    holder: str,
    seen: Seen | None = None,
    window: Window = DEFAULT_WINDOW,
) -> Verified:
    """Check the signature of child ``payload`` of ``root``, which stands in child ``holder``.

    Exactly two elements must be referred to: the payload and the signature's ``Object``. Returns the payload.
    With ``seen`` a signature must state its time, and counts once for as long after it as ``window`` says.
    Raises SignatureInvalid, Untrusted or Replayed.
    """
    signed = _payload(root, payload)
    place = _only_named(root, holder)
    if [child.tag for child in _elements(root)] != [payload, holder]:
        raise SignatureInvalid(f"<{root.tag}> must hold <{payload}> and then <{holder}>, and nothing else")
    written = only_signature(root)
    if [written] != _elements(place):
        raise SignatureInvalid(f"<{holder}> must hold the signature, and nothing else")
    properties = _only_named(written, ds("Object"))
    checked = signature.check(written, signature.enclosed_certificate(written), trust, at)
    targets = {f"#{element.get('Id')}": element for element in (properties, signed) if element.get("Id")}
    uris = [reference.uri for reference in checked.references]
    if len(targets) != 2 or sorted(uris) != sorted(targets):
        raise SignatureInvalid(f"the signature must refer to <{payload}> and to its Object, each once")
    signature.check_unique(root, [uri[1:] for uri in targets])
    data = {
        reference.uri: signature.referred(reference, targets[reference.uri], written)
        for reference in checked.references
    }
    stated = _signing_time(xml.reparse(data[f"#{properties.get('Id')}"]))
    if stated is not None:
        check_signing_time(stated, checked.certificate, at, window)
    check_recent(checked.identity, stated, at, seen, window)
    return Verified(xml.reparse(data[f"#{signed.get('Id')}"]), checked.certificate, checked.partner, stated)


def _signing_time(properties: etree._Element) -> datetime | None:
    """The signing time that the signer states; None if there is none or it is no time with a zone."""
    element = next(properties.iter("{*}SigningTime"), None)
    if element is None:
        return None
    try:
        return read_time(element)
    except SignatureInvalid:
        return None


def verify_enveloping(written: etree._Element, trust: Believing, at: datetime) -> Verified:
    """Check a signature that holds the signed element in its only Object, and return that element.

    Raises SignatureInvalid or Untrusted.
    """
    checked = _checked(written, trust, at, objects=1)
    if len(checked.references) != 1:
        raise SignatureInvalid(f"one reference to the Object is expected, not {len(checked.references)}")
    content = contents.held(checked.references[0], _only_named(written, ds("Object")), written)
    if isinstance(content, bytes):
        raise SignatureInvalid("the signature's Object must hold an element")
    return Verified(content, checked.certificate, checked.partner)


def verify_detached(
    written: etree._Element,
    files: Mapping[str, Content],
    trust: Believing,
    at: datetime,
    *,
    whole: bool = True,
) -> VerifiedFiles:
    """Check a signature over the octets of ``files`` by name.

    Each is referred to once, and each of them unless ``whole`` is off. Raises ContentChanged with the names of all
    files that were changed, SignatureInvalid or Untrusted.
    """
    checked = _checked(written, trust, at, objects=0, most=contents.MOST_FILES)
    named = contents.covered(checked.references, files, whole=whole)
    return VerifiedFiles({name: files[name] for name in named}, checked.certificate, checked.partner)


def _checked(
    written: etree._Element,
    trust: Believing,
    at: datetime,
    *,
    objects: int,
    most: int = signature.MOST_REFERENCES,
) -> signature.Checked:
    contents.check_shape(written, objects)
    return signature.check(written, signature.enclosed_certificate(written), trust, at, most=most)


def _payload(root: etree._Element, name: str) -> etree._Element:
    if root.getparent() is not None:
        raise SigningError("pass the root element of the document")
    return _only_named(root, name)


def only_signature(root: etree._Element) -> etree._Element:
    """The only signature of the whole document."""
    found = list(root.iter(ds("Signature")))
    if len(found) != 1:
        raise SignatureInvalid(f"the document must carry one signature, not {len(found)}")
    return found[0]


def _only_named(parent: etree._Element, name: str) -> etree._Element:
    return signature.only_child(parent, name)


def _elements(parent: etree._Element) -> list[etree._Element]:
    return list(parent.iterchildren(etree.Element))
