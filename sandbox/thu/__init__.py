"""Mail relay: takes mail over SMTP and shows it to whoever looks, instead of bringing it to anyone.

SMTP (RFC 5321, without encryption) is at the agency's address ``smtp://127.0.0.1:PORT``; the page with the mails at the
next port, the mails as JSON at its ``/_control/mails``. A mail that comes twice with one Message-ID is shown once, with
its count.
"""

from __future__ import annotations

from sandbox.thu.agency import Thu

AGENCY = Thu

__all__ = ["AGENCY", "Thu"]
