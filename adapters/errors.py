"""What can go wrong at an edge, and what the hub does next.

The class is the policy; the text is only for people::

    AdapterError
    ├── Unavailable        nothing was taken in: try again later (honour ``retry_after``)
    │   └── Throttled      the agency asked us to slow down: try again later, and slower
    ├── Ambiguous          sent, no usable answer: ask the agency before sending again
    ├── Unauthorized       the agency does not accept who we are: pause it, call an operator
    ├── Rejected           the agency understood and refused this message: a person must act
    └── Malformed          what came back is not what the contract says: keep it, a person must act

    Refused                an inbound message is not acceptable (answered to its sender, and logged)

Errors of libraries (aiohttp, lxml, zeep, SQLAlchemy, cryptography) never cross this boundary: each is
translated where it is caught, with ``from``.
"""

from __future__ import annotations


class AdapterError(Exception):
    """The adapter could not complete the exchange."""

    def __init__(self, detail: str = "", *, code: str | None = None, raw: bytes | None = None) -> None:
        """``detail`` names the place and the remedy; ``code`` is the agency's own; ``raw`` is what it
        sent, if anything.
        """
        super().__init__(detail or (self.__doc__ or "").strip())
        self.detail = str(self)
        self.code = code
        self.raw = raw


class Unavailable(AdapterError):
    """The agency could not be reached, or said that it is not able to serve; nothing was taken in."""

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: float | None = None,
        code: str | None = None,
        raw: bytes | None = None,
    ) -> None:
        """``retry_after`` is the agency's own wish, in seconds."""
        super().__init__(detail, code=code, raw=raw)
        self.retry_after = retry_after


class Throttled(Unavailable):
    """The agency asked for fewer requests."""


class Ambiguous(AdapterError):
    """The message was sent and no answer came: the agency may or may not have taken it in."""


class Unauthorized(AdapterError):
    """The agency does not accept our identity, token or signature."""


class Rejected(AdapterError):
    """The agency understood the message and refused it."""


class Malformed(AdapterError):
    """The answer is not the document that the contract promises."""


class Refused(Exception):
    """An inbound message is not acceptable.

    ``reason`` is one of ``malformed`` (not XML, not the contract), ``invalid`` (fails its schema),
    ``unsigned``, ``untrusted`` (signature or certificate), ``replayed``, ``unknown-operation``,
    ``too-large``, ``forbidden``.
    """

    def __init__(self, reason: str, detail: str, *, operation: str | None = None) -> None:
        """``detail`` is for the sender: it names the place, never a secret."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.operation = operation
