"""Signatures inside the messages of an evidence file, verified once more at the time of each message.

A hub verifies a message's signature when it comes and keeps the bytes. This does it again, without the hub: whoever
doubts the hub's word finds the sender's own. Forms: WS-Security, enveloped, two references, XAdES.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from lxml import etree

from signing import xml
from signing.errors import SigningError, Untrusted, XmlRefused
from signing.pki import path
from signing.trust import Trust
from signing.verifier.case import Case
from signing.verifier.entries import Entry, leaf_of
from signing.verifier.statement import time_of
from signing.xmlsig import signature, wss, xades, xades_properties, xmldsig
from signing.xmlsig.signature import ds


class Messages:
    """Verifies the signatures of the messages of one file; what cannot be verified is counted."""

    def __init__(self, case: Case) -> None:
        """Findings and facts go to ``case``."""
        self._case = case
        self._skipped: list[int] = []
        self._doubtful: list[int] = []
        self._strangers: dict[str, list[int]] = {}

    def check(self, entry: Entry) -> str | None:
        """What is wrong with the signature inside a message; None if nothing is, or there is none."""
        body = entry.body or b""
        if signature.DS.encode() not in body:
            return None
        leaf = leaf_of(entry)
        claimed, anchors = leaf.get("signer"), self._case.anchors
        believing = _Believing((*anchors.certificates, *anchors.partners))
        try:
            _verify(body, believing, time_of(str(leaf.get("at"))))
        except (_Unknown, XmlRefused, ValueError):
            self._skipped.append(entry.index)
            return None
        except SigningError as error:
            # A message that was refused for its signature is evidence too: the log does not claim that it was good.
            if claimed:
                return f"its signature does not verify: {error.reason}"
            self._doubtful.append(entry.index)
            return None
        return self._accept(entry.index, believing, claimed)

    def report(self) -> None:
        """Say what could not be verified, once every message was seen."""
        if self._skipped:
            text = f"signatures in {_some(self._skipped)} are of a form that is not verified here"
            self._case.findings.info("message", "bodies", text)
        if self._doubtful:
            text = (
                f"signatures in {_some(self._doubtful)} do not verify, and the log does not say that they did"
            )
            self._case.findings.info("message", "bodies", text)
        for name, indexes in self._strangers.items():
            text = f"{name}, who signed {_some(indexes)}, is not known from the anchors"
            self._case.findings.info("message", "bodies", text)

    def _accept(self, index: int, believing: _Believing, claimed: object) -> str | None:
        self._case.facts.messages += 1
        name = path.name_of(believing.seen[-1])
        if claimed is not None and claimed != name:
            return f"it is signed by {name}; the log says by {claimed}"
        if not believing.known:
            self._strangers.setdefault(name, []).append(index)
        return None


class _Unknown(Exception):
    """The message is signed in a way that is not verified here."""


class _Believing(Trust):
    """Believes whoever signed, and remembers who it was and whether an anchor vouches for it."""

    def __init__(self, anchors: Sequence[x509.Certificate]) -> None:
        super().__init__({})
        self._anchors = anchors
        self.seen: list[x509.Certificate] = []
        self.known = False

    def check(self, certificate: x509.Certificate, at: datetime) -> str:
        """The name in the certificate."""
        self.seen.append(certificate)
        with contextlib.suppress(Untrusted):
            path.validate(certificate, (), self._anchors, at, purpose="signing", revocation=None)
            self.known = True
        return path.name_of(certificate)


def _verify(body: bytes, believing: _Believing, at: datetime) -> None:
    """Verify the signature in a message. Raises SigningError, or _Unknown for a form that is not known here."""
    if len(body) > xml.DEFAULT_LIMITS.size:
        raise _Unknown
    root = xml.parse(body)
    if root.find(f"{{*}}Header/{{{wss.WSSE}}}Security/{ds('Signature')}") is not None:
        wss.verify_envelope(root, believing, at)
        return
    found = list(root.iter(ds("Signature")))
    holder = found[0].getparent() if len(found) == 1 else None
    if holder is None:
        raise _Unknown
    _verify_part(found[0], holder, believing, at)


def _verify_part(
    written: etree._Element, holder: etree._Element, believing: _Believing, at: datetime
) -> None:
    """Verify the only signature of a message over the part that it stands in."""
    above = holder.getparent()
    if above is not None and _signed_part(written):
        payload = str(next(above.iterchildren(etree.Element)).tag)
        document = _own_document(above)
        xmldsig.verify_two_reference(document, believing, at, payload=payload, holder=str(holder.tag))
    elif written.find(f".//{xades_properties.xades('QualifyingProperties')}") is not None:
        xades.verify_enveloped(_own_document(holder), believing, at)
    else:
        xmldsig.verify_enveloped(_own_document(holder), believing, at)


def _signed_part(written: etree._Element) -> bool:
    """Whether a signature is of the profile with two references: over elements that it names."""
    uris = [each.get("URI") or "" for each in written.findall(f"{ds('SignedInfo')}/{ds('Reference')}")]
    return len(uris) == 2 and all(uri.startswith("#") for uri in uris)


def _own_document(element: etree._Element) -> etree._Element:
    """The part of a message that was signed as a document, as its signer had it: with the namespaces in scope."""
    return element if element.getparent() is None else xml.reparse(xml.serialize(element))


def _some(indexes: Sequence[int]) -> str:
    shown = ", ".join(map(str, indexes[:10]))
    return f"entries {shown} and {len(indexes) - 10} more" if len(indexes) > 10 else f"entries {shown}"
