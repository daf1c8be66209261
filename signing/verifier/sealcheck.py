"""The signature over an evidence file: who sealed it and when, whether that still counts, and that it covers all.

The signature itself is read by `signing.xmlsig.xades`. Added here is what a verifier years later needs: the chain of
the signer and of the time-stamp's authority, revocation as it was known then, and that nothing unsigned stands about.

Standards: ETSI EN 319 132-1 (levels), EN 319 102-1 §5.2 (order of the checks).
"""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, cast

from cryptography import x509
from lxml import etree

from signing.container import asic
from signing.container.asic import SIGNATURES
from signing.errors import (
    ContainerRefused,
    ContentChanged,
    RevocationUnknown,
    Revoked,
    SigningError,
    Untrusted,
)
from signing.pki import crl, ocsp, path
from signing.pki.revocation import Evidence
from signing.stamps.timestamp import Stamped
from signing.verifier.case import Case
from signing.verifier.headcheck import verify_token
from signing.xmlsig import signature, xades
from signing.xmlsig.xades_opened import Stamped as Prove
from signing.xmlsig.xades_opened import VerifiedXades


def check(case: Case, made: datetime | None) -> None:
    """Verify the signature and everything that keeps it verifiable; ``made`` stands in for a missing time-stamp."""
    try:
        written = case.container.signature
    except ContainerRefused as error:
        case.findings.error("signature", SIGNATURES, error.reason)
        return
    seal = _Seal(case, written)
    verified = seal.verify(made)
    if verified is None:
        return
    _tell(case, verified, seal.stamped)
    if verified.media_types != {name: asic.media_type(name) for name in verified.files}:
        text = "it calls a file something else than what its name says"
        case.findings.error("signature", SIGNATURES, text)
    _check_plain(case, written, verified)
    _check_chains(case, verified, seal.stamped)


class _Seal:
    """One signature with what its time-stamps turned out to prove."""

    def __init__(self, case: Case, written: etree._Element) -> None:
        self._case = case
        self._written = written
        self.stamped: list[Stamped] = []

    def verify(self, made: datetime | None) -> VerifiedXades | None:
        """What it proves; None if it is broken. If only its time-stamp is, that is reported and the rest verified."""
        try:
            return self._verify(made, self._prove)
        except _TokenRefused:
            return self._reported(made)
        except SigningError as error:
            self._report(error)
            return None

    def _reported(self, made: datetime | None) -> VerifiedXades | None:
        try:
            return self._verify(made, None)
        except SigningError as error:
            self._report(error)
            return None

    def _report(self, error: SigningError) -> None:
        findings = self._case.findings
        if isinstance(error, ContentChanged):
            for name in error.names:
                findings.error("signature", name, "the file was changed after it was signed")
        else:
            code = "certificate" if isinstance(error, Untrusted) else "signature"
            findings.error(code, SIGNATURES, error.reason)

    def _verify(self, made: datetime | None, prove: Prove | None) -> VerifiedXades:
        files = {name: _opener(self._case, name) for name in self._case.container.files}
        at = made or _stated(self._written)
        return xades.verify_detached(self._written, files, _Anyone(), at, stamped=prove)

    def _prove(self, token: bytes, data: bytes) -> datetime:
        try:
            stamped = verify_token(self._case, SIGNATURES, token, data)
        except SigningError as error:
            code = "certificate" if isinstance(error, Untrusted) else "timestamp"
            self._case.findings.error(code, SIGNATURES, f"the signature's time-stamp: {error.reason}")
            raise _TokenRefused(error.reason) from error
        self.stamped.append(stamped)
        return stamped.at


class _TokenRefused(SigningError):
    """The time-stamp of the signature proves nothing, which was reported."""


class _Anyone:
    """Believes every certificate: whose it is, is decided afterwards, when its time is known."""

    def check(self, certificate: x509.Certificate, at: datetime) -> str:
        """The name in the certificate."""
        return path.name_of(certificate)


def _stated(written: etree._Element) -> datetime:
    """The signing time as it stands, unchecked; only for a file that does not say when it was made."""
    with contextlib.suppress(SigningError, ValueError):
        return datetime.fromisoformat(written.findtext(".//{*}SigningTime") or "").astimezone(UTC)
    return datetime.fromtimestamp(0, UTC)


def _tell(case: Case, verified: VerifiedXades, stamped: Sequence[Stamped]) -> None:
    facts = case.facts
    facts.signer, facts.signed_at = path.name_of(verified.certificate), verified.signing_time
    facts.level = verified.level
    if not verified.timestamps:
        text = "it has no time-stamp: nothing proves that it was made while the certificate was valid"
        case.findings.warning("level", SIGNATURES, text)
    for one in stamped:
        facts.sealed_at = one.at


def _check_chains(case: Case, verified: VerifiedXades, stamped: Sequence[Stamped]) -> None:
    """Path and revocation of the signer at the proven time, and that all that came along belongs to somebody."""
    came = verified.certificates
    at = min((one.at for one in stamped), default=verified.signing_time)
    anchors = case.anchors.certificates
    if not anchors:
        case.findings.warning("unanchored", SIGNATURES, "the signer's certificate came along; none was given")
        anchors = _tops([verified.certificate, *came])
    stamps = [*stamped, *case.stamped]
    chains = [one.chain for one in stamps]
    try:
        chain = path.validate(verified.certificate, came, anchors, at, purpose="signing", revocation=None)
    except Untrusted as error:
        case.findings.error("certificate", SIGNATURES, error.reason)
    else:
        chains.append(chain)
    evidence = _evidence(case, verified)
    for links, when in zip(chains, [*(one.at for one in stamps), at], strict=False):
        _check_revocation(case, evidence, links, when)
    _check_belonging(case, verified, chains)


def _tops(certificates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Where the paths among these certificates end, if nobody vouches for any of them."""
    return tuple(
        one
        for one in certificates
        if one.subject == one.issuer or not any(path.issued(one, other) for other in certificates)
    )


def _evidence(case: Case, verified: VerifiedXades) -> Evidence:
    crls, ocsps = [], []
    for number, der in enumerate(verified.crls, 1):
        try:
            crls.append(crl.read(der))
        except RevocationUnknown as error:
            case.findings.error("revocation", SIGNATURES, f"revocation list {number}: {error.reason}")
    for number, der in enumerate(verified.ocsps, 1):
        try:
            ocsps.append(ocsp.read(der))
        except RevocationUnknown as error:
            case.findings.error("revocation", SIGNATURES, f"answer {number} of a responder: {error.reason}")
    return Evidence(tuple(crls), tuple(ocsps), verified.certificates)


def _check_revocation(
    case: Case, evidence: Evidence, chain: Sequence[x509.Certificate], at: datetime
) -> None:
    for certificate, issuer in itertools.pairwise(chain):
        try:
            evidence.check(certificate, issuer, at)
        except Revoked as error:
            case.findings.error("revocation", SIGNATURES, error.reason)
        except RevocationUnknown as error:
            case.findings.warning("revocation", SIGNATURES, error.reason)


def _check_belonging(
    case: Case, verified: VerifiedXades, chains: Sequence[Sequence[x509.Certificate]]
) -> None:
    """Every certificate, list and answer that came along must belong to a chain: others carry no meaning here."""
    known = {one for chain in chains for one in chain} | {verified.certificate}
    rest = [one for one in verified.certificates if one not in known]
    while belonging := [one for one in rest if any(_related(one, other) for other in known)]:
        known.update(belonging)
        rest = [one for one in rest if one not in belonging]
    for one in rest:
        text = f"certificate {path.name_of(one)} came along and belongs to nobody here"
        case.findings.error("certificate", SIGNATURES, text)
    pairs = [(one, issuer) for one in known for issuer in known if path.issued(one, issuer)]
    for place, alone in _single(verified):
        if not any(alone.answers(one, issuer)[0] for one, issuer in pairs):
            case.findings.error("revocation", SIGNATURES, f"{place} is about nobody here, or not authentic")


def _related(one: x509.Certificate, other: x509.Certificate) -> bool:
    return path.issued(one, other) or path.issued(other, one)


def _single(verified: VerifiedXades) -> Iterator[tuple[str, Evidence]]:
    """Each list and each answer alone."""
    for number, der in enumerate(verified.crls, 1):
        try:
            yield f"revocation list {number}", Evidence.read([der], [], verified.certificates)
        except RevocationUnknown:
            continue  # reported when it was read with the others
    for number, der in enumerate(verified.ocsps, 1):
        try:
            yield f"answer {number} of a responder", Evidence.read([], [der], verified.certificates)
        except RevocationUnknown:
            continue


def _check_plain(case: Case, written: etree._Element, verified: VerifiedXades) -> None:
    """What is not signed of the signature must be just what was read of it, written in the one way there is."""
    if _plain(written, verified) != _canonical(written):
        text = "something stands in it that is neither signed nor read, or is not written in the one form"
        case.findings.error("signature", SIGNATURES, text)


def _plain(written: etree._Element, verified: VerifiedXades) -> bytes:
    """The signature with its unsigned parts written anew from what was read."""
    twin = copy.deepcopy(written)
    etree.strip_tags(twin, etree.Comment, etree.ProcessingInstruction)
    value = signature.only_child(twin, signature.ds("SignatureValue"))
    value.text = signature.encode_base64(signature.decode_base64(value))
    value.attrib.clear()
    key_info = signature.only_child(twin, signature.ds("KeyInfo"))
    enclosed = signature.enclosed_certificates(twin)
    key_info.clear()
    for certificate in enclosed:
        signature.enclose_certificate(twin, certificate)
    for unsigned in twin.findall(".//{*}UnsignedProperties"):
        holder = unsigned.getparent()
        if holder is not None:
            holder.remove(unsigned)
    for stamp in verified.timestamps:
        xades.add_timestamp(twin, stamp.token)
    added = [one for one in verified.certificates if one not in enclosed]
    xades.add_validation_data(twin, added, verified.crls, verified.ocsps)
    return _canonical(twin)


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=True, with_tail=False)


def _opener(case: Case, name: str) -> Callable[[], IO[bytes]]:
    """Opens a file; what is damaged ends early, which is reported and changes the digest."""
    return lambda: cast("IO[bytes]", io.BufferedReader(_Pieces(case.pieces(name))))


class _Pieces(io.RawIOBase):
    """A stream over pieces of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer as far as the next piece goes."""
        self._rest = self._rest or next(self._pieces, b"")
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)
