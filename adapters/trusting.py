"""What adapters share about signatures: whose are expected, and whether ours will be accepted."""

from __future__ import annotations

from datetime import datetime, timedelta

from lxml import etree

from adapters.base import Resources
from adapters.payload import Proven
from signing.errors import Untrusted
from signing.keys import Signer
from signing.signature import Verified
from signing.trust import Trust
from signing.xmldsig import verify_enveloped


def needs_signer(resources: Resources, wanted: bool) -> Signer | None:
    """The hub's signer if ``wanted``. Raises ValueError with the remedy if there is none."""
    if not wanted:
        return None
    if resources.signer is None:
        raise ValueError("this endpoint signs, but it was given no key: set its key, or security: none")
    return resources.signer


class Expected:
    """The partner whose signatures count at this endpoint."""

    def __init__(self, resources: Resources, partner: str | None) -> None:
        """Raises ValueError if nobody is trusted, or if several are and ``partner`` does not choose one."""
        if resources.trust is None:
            raise ValueError("this endpoint verifies, but trusts no certificate: add the partner's")
        known = resources.trust.partners
        if partner is None and len(known) != 1:
            raise ValueError(f"set partner to the one who signs here, out of {sorted(known)}")
        if partner is not None and partner not in known:
            raise ValueError(f"no certificate of partner {partner!r} is known")
        self.trust: Trust = resources.trust
        self.partner = partner or next(iter(known))
        self.clock = resources.clock

    def accept(self, verified: Verified) -> str:
        """Subject of the signer's certificate. Raises `Untrusted` if it speaks for another partner."""
        if verified.partner != self.partner:
            raise Untrusted(f"signed by {verified.partner}, but only {self.partner} signs here")
        return verified.certificate.subject.rfc4514_string()

    def enveloped(self, root: etree._Element) -> Proven:
        """Verify an enveloped signature. Raises `signing.errors.SigningError`."""
        verified = verify_enveloped(root, self.trust, self.clock())
        return Proven(verified.element, self.accept(verified))


def certificate_line(signer: Signer, now: datetime) -> tuple[bool, str]:
    """Whether our certificate is valid now, and a line that says until when."""
    until = signer.certificate.not_valid_after_utc
    valid = signer.certificate.not_valid_before_utc <= now <= until
    hint = "" if until - now > timedelta(days=30) else ": renew it"
    return valid, f"our certificate is {'valid' if valid else 'NOT valid'} until {until:%Y-%m-%d}{hint}"
