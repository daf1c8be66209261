"""What all forms of XAdES have in common when they are verified: shape, properties, time-stamps, value and level.

`signing.xmlsig.xades` decides what must have been signed and digests it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from cryptography import x509
from lxml import etree

from signing import xml
from signing.algorithms import Content
from signing.errors import SignatureInvalid
from signing.pki.certificates import read_certificate
from signing.xmlsig import contents, signature, xades_properties
from signing.xmlsig.freshness import DEFAULT_WINDOW, Seen, Window, check_recent, check_signing_time
from signing.xmlsig.signature import Believing, Reference, ds

Level = Literal["B-B", "B-T", "B-LT"]
Stamped = Callable[[bytes, bytes], datetime]
"""``stamped(token, data)`` is the time that a token proves for ``data``. Raises SigningError if it proves none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timestamp:
    """A token of the signature; ``at`` is the time it proves, None if nobody was given to check it."""

    token: bytes
    data: bytes
    at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedXades:
    """What a XAdES signature proved.

    One of ``element`` (parsed from the signed bytes), ``data`` and ``files`` holds what was signed.
    ``media_types`` goes by file name, or ``""`` for the other two. ``level`` counts proven time-stamps only.
    ``certificates`` (KeyInfo's and added ones), ``crls`` and ``ocsps`` (DER) are as found, not checked against
    each other: `signing.pki.path` and `signing.pki.revocation` do that.
    """

    certificate: x509.Certificate
    partner: str
    signing_time: datetime
    level: Level
    element: etree._Element | None = None
    data: bytes | None = None
    files: Mapping[str, Content] = dataclasses.field(default_factory=dict)
    media_types: Mapping[str, str] = dataclasses.field(default_factory=dict)
    timestamps: tuple[Timestamp, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a signature is accepted.

    ``at`` is the time asked about; a time-stamp proven by ``stamped`` takes its place for the signer's certificate.
    With ``seen``, a signature counts once, and only for as long as the window says after its signing time.
    """

    trust: Believing
    at: datetime
    stamped: Stamped | None = None
    seen: Seen | None = None
    window: Window = DEFAULT_WINDOW


class Opened:
    """A signature whose value, certificate and properties are checked; its contents are not digested yet."""

    def __init__(
        self,
        written: etree._Element,
        conditions: Conditions,
        *,
        objects: int,
        most: int = signature.MOST_REFERENCES,
    ) -> None:
        """``objects`` ds:Object elements are expected, and at most ``most`` references.

        Raises SignatureInvalid or Untrusted.
        """
        self._written, self._conditions = written, conditions
        contents.check_shape(written, objects)
        self._qualifying = xades_properties.holder_of(written)
        self._unsigned = xades_properties.read_unsigned(self._qualifying)
        self._timestamps = tuple(self._timestamp(*stamp) for stamp in self._unsigned.timestamps)
        proven = [stamp.at for stamp in self._timestamps if stamp.at is not None]
        self._proven = min(proven, default=None)
        when = self._proven or conditions.at
        certificate = signature.enclosed_certificate(written)
        self._checked = signature.check(written, certificate, conditions.trust, when, most=most)
        self.contents, about = self._split()
        self._signed = self._read(about)
        check_signing_time(self._signed.signing_time, certificate, when, conditions.window)

    def _timestamp(self, token: bytes, method: str) -> Timestamp:
        data = xades_properties.stamped(self._written, method)
        proves = self._conditions.stamped
        return Timestamp(token, data, None if proves is None else proves(token, data))

    def _split(self) -> tuple[list[Reference], Reference]:
        """References to contents, and the one to the signed properties."""
        kinds = [reference.type == xades_properties.TYPE for reference in self._checked.references]
        if kinds.count(True) != 1:
            raise SignatureInvalid("the signature must refer once to its signed properties")
        about = self._checked.references[kinds.index(True)]
        rest = [each for each in self._checked.references if each is not about]
        key_info = [each for each in rest if self._is_about_key_info(each)]
        if len(key_info) > 1:
            raise SignatureInvalid("KeyInfo is referred to more than once")
        for reference in key_info:
            self._check_key_info(reference)
        return [each for each in rest if each not in key_info], about

    def _is_about_key_info(self, reference: Reference) -> bool:
        """Whether the reference is to KeyInfo, which may be signed as well as the certificate's digest."""
        identifier = signature.only_child(self._written, ds("KeyInfo")).get("Id")
        return identifier is not None and reference.uri == f"#{identifier}"

    def _check_key_info(self, reference: Reference) -> None:
        signature.check_unique(self._written.getroottree().getroot(), [reference.uri[1:]])
        signature.referred(reference, signature.only_child(self._written, ds("KeyInfo")), self._written)

    def _read(self, about: Reference) -> xades_properties.SignedProperties:
        properties = signature.only_child(self._qualifying, xades_properties.xades("SignedProperties"))
        if not properties.get("Id") or about.uri != f"#{properties.get('Id')}":
            raise SignatureInvalid("the signed properties are not those of this signature")
        described = [each.identifier for each in self.contents if each.identifier]
        unique = [about.uri[1:], self._written.get("Id") or "", *described]
        signature.check_unique(self._written.getroottree().getroot(), unique)
        data = signature.referred(about, properties, self._written)
        return xades_properties.read_signed(xml.reparse(data), self._checked.certificate)

    def only_content(self) -> Reference:
        """The one reference to a content. Raises SignatureInvalid for none or several."""
        if len(self.contents) != 1:
            raise SignatureInvalid(f"one content is expected to be signed, not {len(self.contents)}")
        return self.contents[0]

    def holder(self) -> etree._Element:
        """The Object that does not hold the properties."""
        properties = self._qualifying.getparent()
        return next(each for each in self._written.iterchildren(ds("Object")) if each is not properties)

    def verified(
        self,
        contents: Mapping[str, Reference],
        *,
        element: etree._Element | None = None,
        data: bytes | None = None,
        files: Mapping[str, Content] | None = None,
    ) -> VerifiedXades:
        """What was proved, once the contents are digested; asks last whether it was presented before."""
        signed, conditions = self._signed, self._conditions
        check_recent(
            self._checked.identity, signed.signing_time, conditions.at, conditions.seen, conditions.window
        )
        stated = {name: signed.media_types.get(each.identifier or "") for name, each in contents.items()}
        enclosed = [*signature.enclosed_certificates(self._written), *self._added()]
        return VerifiedXades(
            certificate=self._checked.certificate,
            partner=self._checked.partner,
            signing_time=signed.signing_time,
            level=self._level(),
            element=element,
            data=data,
            files=files or {},
            media_types={name: media_type for name, media_type in stated.items() if media_type},
            timestamps=self._timestamps,
            certificates=tuple(dict.fromkeys(enclosed)),
            crls=self._unsigned.crls,
            ocsps=self._unsigned.ocsps,
        )

    def _added(self) -> list[x509.Certificate]:
        return [read_certificate(der) for der in self._unsigned.certificates]

    def _level(self) -> Level:
        """The highest level whose evidence is there; whether the evidence is complete, the path decides."""
        if self._proven is None:
            return "B-B"
        certificate = self._checked.certificate
        self_signed = certificate.issuer == certificate.subject  # there is nobody who could revoke it
        revocation = self._unsigned.crls or self._unsigned.ocsps
        return "B-LT" if revocation or (self_signed and self._unsigned.certificates) else "B-T"
