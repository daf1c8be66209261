"""National e-identity (VNeID) as a test identity provider speaking OpenID Connect: sign-in by personal number.

Options: ``client_id`` and ``client_secret`` of the hub, ``households`` of the synthetic population. Only citizens of
that population can sign in, and nobody has a password: it is a stand-in, and says so on its page.
"""

from __future__ import annotations

from sandbox.vneid.agency import VNeID

AGENCY = VNeID

__all__ = ["AGENCY", "VNeID"]
