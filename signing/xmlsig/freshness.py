"""When a signed message still counts: how far its time may be from ours, and that it is presented once.

Every profile that states a time uses the same two rules, so that a replay is a replay in each of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from lxml import etree

from signing import xml
from signing.errors import Replayed, SignatureInvalid

_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)

Seen = Callable[[str, datetime], bool]
"""``seen(key, until)`` remembers ``key`` until then, and answers whether it knew it already; atomic."""


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """How far a message's time may be from ours: ``skew`` between clocks, ``longest`` validity accepted."""

    skew: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=1)


DEFAULT_WINDOW = Window()


def read_time(element: etree._Element) -> datetime:
    """The time that an element states (``xs:dateTime``). Raises SignatureInvalid if it is none, or has no zone."""
    text = xml.text_of(element).strip()
    try:
        read = datetime.fromisoformat(text) if _DATE_TIME.fullmatch(text) else None
        if read is not None and read.tzinfo is not None:
            read.astimezone(UTC)  # at either end of the calendar a zone leads beyond it
    except (ValueError, OverflowError) as error:
        raise SignatureInvalid(f"{text!r} is not a time") from error
    if read is None:
        raise SignatureInvalid(f"{text[:40]!r} is not a time")
    if read.tzinfo is None:
        raise SignatureInvalid(f"{text!r} has no time zone")
    return read


def check_signing_time(
    stated: datetime, certificate: x509.Certificate, at: datetime, window: Window = DEFAULT_WINDOW
) -> None:
    """Raise SignatureInvalid for a stated signing time in the future, or outside the certificate's validity.

    ``at`` is now, or the time of a time-stamp: what is stamped was signed before. The signer's clock may be off by
    the window's skew.
    """
    if stated > at + window.skew:
        raise SignatureInvalid(f"the stated signing time {stated.isoformat()} lies in the future")
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # The skew is not added to the certificate's end, which may be that of the calendar (RFC 5280 §4.1.2.5).
    if stated + window.skew < first or stated - window.skew > last:
        raise SignatureInvalid(
            f"the stated signing time {stated.isoformat()} is outside the validity of the signer's certificate"
        )


def check_once(identity: bytes, until: datetime, seen: Seen | None) -> None:
    """Raise Replayed if what has this ``identity`` was presented before; asked last, when all else is right."""
    if seen is not None and seen(hashlib.sha256(identity).hexdigest(), until):
        raise Replayed


def check_recent(
    identity: bytes, stated: datetime | None, at: datetime, seen: Seen | None, window: Window
) -> None:
    """Raise for a message signed longer ago than the window, or presented before; nothing without ``seen``.

    Once it is too old to be accepted, nobody needs to remember it. Raises SignatureInvalid or Replayed.
    """
    if seen is None:
        return
    if stated is None:
        raise SignatureInvalid("the signature states no signing time, so that a replay could not be noticed")
    until = stated + window.longest + window.skew
    if at > until:
        raise SignatureInvalid(f"the message was signed at {stated.isoformat()}, which is too long ago")
    check_once(identity, until, seen)
