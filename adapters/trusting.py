"""What adapters share about signatures: our key if we sign, and whose signatures are expected."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from adapters.base import Resources
from adapters.payload import Proven
from signing.errors import Untrusted
from signing.keys import Signer
from signing.trust import Trust
from signing.xmlsig.signature import Verified
from signing.xmlsig.xades import verify_document


def needs_signer(resources: Resources, wanted: bool) -> Signer | None:
    """The hub's signer if ``wanted``. Raises ValueError with the remedy if there is none."""
    if not wanted:
        return None
    if resources.signer is None:
        raise ValueError("this endpoint signs, but it was given no key: set its key, or security: none")
    return resources.signer


class Expected:
    """The partners whose signatures count at this endpoint."""

    def __init__(self, resources: Resources, partners: Collection[str], *, anyone: bool = False) -> None:
        """No ``partners`` means the only one known, or ``anyone`` known. Raises ValueError with the
        remedy.
        """
        if resources.trust is None or not resources.trust.partners:
            raise ValueError("this endpoint verifies, but trusts no certificate: add the partner's")
        known = resources.trust.partners
        if not partners and len(known) != 1 and not anyone:
            raise ValueError(f"set partner to the one who signs here, out of {sorted(known)}")
        if not known.issuperset(partners):
            raise ValueError(f"no certificate is known of {sorted(set(partners) - known)}")
        self.trust: Trust = resources.trust
        self._partners = frozenset(partners)
        self.clock = resources.clock

    @property
    def partners(self) -> frozenset[str]:
        """Who may sign here: those that were named, else all that are known now."""
        return self._partners or self.trust.partners

    def accept(self, verified: Verified) -> str:
        """Subject of the signer's certificate. Raises `Untrusted` if it speaks for another partner."""
        if verified.partner not in self.partners:
            who = ", ".join(sorted(self.partners))
            raise Untrusted(f"signed by {verified.partner}, but only {who} signs here")
        return verified.certificate.subject.rfc4514_string()

    def enveloped(self, root: etree._Element, *, baseline: bool = False) -> Proven:
        """Verify an enveloped signature, which must be XAdES if ``baseline``. Raises `signing.errors.SigningError`."""
        verified = verify_document(root, self.trust, self.clock(), baseline=baseline)
        return Proven(verified.element, self.accept(verified))
