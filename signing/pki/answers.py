"""What an issuer says about one certificate: good or taken back, since when, and for how long that holds.

An answer comes from a revocation list (`signing.pki.crl`) or from a responder (`signing.pki.ocsp`). Both are signed by
the issuer of the certificate, or by somebody to whom that very issuer gave a certificate for the purpose.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cryptography import x509

from signing.errors import RevocationUnknown, Revoked, Untrusted
from signing.pki.path import Purpose, minute, name_of, validate

_SKEW = timedelta(minutes=5)
_HOLD = x509.ReasonFlags.certificate_hold.value
_BENIGN = frozenset(
    reason.value
    for reason in (
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.certificate_hold,
        x509.ReasonFlags.privilege_withdrawn,
    )
)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One authentic answer about one certificate."""

    this_update: datetime
    """When the issuer knew this."""
    next_update: datetime
    """Until when it holds."""
    since: datetime | None = None
    """From when signatures of the certificate do not count; None if it was not taken back."""
    why: str | None = None
    """Reason of the revocation (RFC 5280 §5.3.1)."""
    complete: bool = True
    """False: the issuer speaks of some reasons only, so that this answer can condemn and cannot clear."""


def effective(revoked: datetime, why: str | None, invalidity: datetime | None) -> datetime:
    """From when signatures do not count (RFC 5280 §5.3.2).

    What was signed before a revocation stays good, unless the key was, or may have been, in other hands before.
    """
    return revoked if invalidity is None or why in _BENIGN else min(revoked, invalidity)


def decide(
    answers: Iterable[Answer],
    certificate: x509.Certificate,
    at: datetime,
    *,
    grace: timedelta = timedelta(),
    now: datetime | None = None,
) -> None:
    """Return if ``certificate`` was not revoked at ``at``. Raises Revoked, or RevocationUnknown if no answer tells.

    ``grace``: how long after its end an answer still serves; ``now``: answers from later than this are not believed.
    An answer given after the certificate had expired clears nothing: issuers may forget expired ones (§3.3).
    """
    answers = list(answers)
    clearing = [answer for answer in answers if _clears(answer, certificate, at, grace, now)]
    for answer in answers:
        if answer.since is None or answer.since > at:
            continue
        released = any(other.this_update > answer.this_update and other.since is None for other in clearing)
        if answer.why != _HOLD or not released:
            why = f" ({answer.why})" if answer.why else ""
            text = f"certificate {name_of(certificate)} was revoked on {minute(answer.since)}{why}"
            raise Revoked(text, since=answer.since, why=answer.why)
    if not clearing:
        found = "the answers are too old or do not apply" if answers else "there is no answer"
        raise RevocationUnknown(
            f"whether certificate {name_of(certificate)} was revoked is not known: {found}"
        )


def _clears(
    answer: Answer, certificate: x509.Certificate, at: datetime, grace: timedelta, now: datetime | None
) -> bool:
    believable = now is None or answer.this_update <= now + _SKEW
    remembered = answer.this_update <= certificate.not_valid_after_utc
    return answer.complete and believable and remembered and at <= answer.next_update + grace


def delegate(
    candidates: Sequence[x509.Certificate], issuer: x509.Certificate, at: datetime, purpose: Purpose
) -> list[x509.Certificate]:
    """Those of ``candidates`` to whom ``issuer`` itself gave a certificate for ``purpose``, valid at ``at``."""
    found = []
    for candidate in candidates[:_MOST_SIGNERS]:
        try:
            path = validate(candidate, (), [issuer], at, purpose=purpose, revocation=None)
        except Untrusted:
            continue  # another one may be the signer; if none is, the answer is refused
        if len(path) == 2:
            found.append(candidate)
    return found


_MOST_SIGNERS = 8
