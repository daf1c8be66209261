"""What can be wrong with a document, a signature or a key.

The class says whose problem it is; the text is for people and names the place::

    SigningError
    ├── XmlRefused         the bytes are not XML that we read (``reason``, ``line``)
    ├── SignatureInvalid   the signature does not cover what it must, or does not match (``reason``)
    │   ├── ContentChanged files were changed after signing (``names``)
    │   └── Replayed       the signature is right, and was already presented
    ├── Untrusted          the certificate does not speak for a partner at that time (``reason``)
    │   ├── Revoked        its issuer has taken it back (``since``, ``why``)
    │   └── RevocationUnknown  nobody who may say has said whether it was taken back
    ├── ContainerRefused   the bytes are not a container that we read (``reason``)
    ├── TimestampRefused   a time-stamping authority answers that it gives no token (``reason``)
    ├── ProofInvalid       a Merkle proof or a log's checkpoint does not hold
    ├── SealBroken         sealed data was changed, or moved to another place
    └── KeyProblem         our own key or certificate cannot be read, created or used

Errors of lxml and cryptography never leave this package: each is translated where it is caught, with
``from``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


_LONGEST = 900
"""A reason may quote what was sent, which may be of any length."""


class SigningError(Exception):
    """The trust layer refused to go on."""

    def __init__(self, reason: str = "") -> None:
        """``reason`` is plain English without secrets; it may be shown to the sender."""
        said = reason or (self.__doc__ or "").strip()
        super().__init__(said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…")
        self.reason = str(self)


class XmlRefused(SigningError):
    """The bytes are not XML that the hub reads."""

    def __init__(self, reason: str = "", line: int | None = None) -> None:
        """``line`` counts from 1, None where no single line is to blame."""
        super().__init__(reason if line is None else f"{reason} (line {line})")
        self.line = line


class SignatureInvalid(SigningError):
    """The signature does not cover what it must cover, or does not match it."""


class ContentChanged(SignatureInvalid):
    """Files were changed after signing."""

    def __init__(self, names: Sequence[str]) -> None:
        """``names`` are all files that differ."""
        super().__init__(f"changed after signing: {', '.join(names)}")
        self.names = tuple(names)


class Replayed(SignatureInvalid):
    """The signed message was presented before."""


class Untrusted(SigningError):
    """The certificate does not speak for a known partner at that time."""


class Revoked(Untrusted):
    """The certificate's issuer has taken it back."""

    def __init__(self, reason: str, *, since: datetime, why: str | None) -> None:
        """``since``: from when its signatures do not count; ``why``: the reason (RFC 5280 §5.3.1), if one was given."""
        super().__init__(reason)
        self.since = since
        self.why = why


class RevocationUnknown(Untrusted):
    """No acceptable answer says whether the certificate was revoked."""


class ContainerRefused(SigningError):
    """The bytes are not a container that the hub reads."""


class TimestampRefused(SigningError):
    """The time-stamping authority gives no token."""


class ProofInvalid(SigningError):
    """The Merkle proof does not lead to the root it must lead to."""


class SealBroken(SigningError):
    """Sealed data was changed since it was sealed, or stands in another place."""


class KeyProblem(SigningError):
    """A key or certificate of ours cannot be read, created or used."""
