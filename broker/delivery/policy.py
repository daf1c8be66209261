"""What to do after a failed attempt: a pure decision from the class of the error (`adapters.errors`).

The class says whether anything was taken in, and so what is safe:

============ ====================================== ==================================================
class        what is known                          by default
============ ====================================== ==================================================
unavailable  nothing was taken in                   try again, slower and slower, for days
throttled    nothing was taken in, we are too fast  the same, beginning slower
retry        the agency says: try again             the same
ambiguous    it may have been taken in              ask the agency before sending again
unauthorized it does not accept who we are          pause the agency, try again when it resumes
malformed    its answer is not the contract         a person must act
rejected     it understood and refused              a person must act
failed       it says that its processing failed     a person must act
data-error   it names wrong data                    a person must act
============ ====================================== ==================================================

Waiting times grow exponentially with full jitter: a random time up to the bound, so that a thousand
deliveries that failed together do not come back together.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["retry", "ask", "pause", "bury"]

_DAY = 86_400.0


class ClassPolicy(BaseModel):
    """What to do about one class of error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(
        description="retry: send again later; ask: ask the agency, then send again; pause: stop the agency; "
        "bury: leave it to a person"
    )
    first: float = Field(default=5.0, gt=0, description="Bound of the first waiting time, in seconds.")
    factor: float = Field(
        default=2.0, ge=1, le=100, description="By how much the bound grows with each attempt."
    )
    cap: float = Field(default=900.0, gt=0, description="The largest bound, in seconds.")
    max_attempts: int | None = Field(
        default=None, ge=1, description="Attempts after which a person must act; no limit if absent."
    )
    max_age_days: float | None = Field(
        default=7.0, gt=0, description="Age in days after which a person must act; no limit if absent."
    )


class RetryPolicy(BaseModel):
    """What to do about each class of error of one agency. Classes that are not named have their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    unavailable: ClassPolicy = Field(
        default=ClassPolicy(action="retry"), description="The agency could not be reached or cannot serve."
    )
    throttled: ClassPolicy = Field(
        default=ClassPolicy(action="retry", first=30.0), description="The agency asked for fewer requests."
    )
    retry: ClassPolicy = Field(
        default=ClassPolicy(action="retry", first=30.0), description="The agency's answer says: try again."
    )
    ambiguous: ClassPolicy = Field(
        default=ClassPolicy(action="ask", first=10.0), description="Sent, and no usable answer came."
    )
    unauthorized: ClassPolicy = Field(
        default=ClassPolicy(action="pause", first=300.0, cap=3600.0, max_age_days=None),
        description="The agency does not accept our identity, token or signature.",
    )
    malformed: ClassPolicy = Field(
        default=ClassPolicy(action="bury"),
        description="The answer is not the document that the contract promises.",
    )
    rejected: ClassPolicy = Field(
        default=ClassPolicy(action="bury"), description="The agency understood the message and refused it."
    )
    failed: ClassPolicy = Field(
        default=ClassPolicy(action="bury"), description="The agency's answer says that its processing failed."
    )
    data_error: ClassPolicy = Field(
        default=ClassPolicy(action="bury"),
        alias="data-error",
        description="The agency names data that is wrong.",
    )
    retry_after_cap: float = Field(
        default=86_400.0,
        gt=0,
        description="The longest wait in seconds that an agency's Retry-After may ask for.",
    )

    def of(self, error_class: str) -> ClassPolicy | None:
        """The policy of a class, None if there is no such class."""
        found = getattr(self, error_class.replace("-", "_"), None)
        return found if isinstance(found, ClassPolicy) else None


@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """Send it again at ``at``."""

    at: datetime
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """At ``at``, ask the agency whether it has the message, and only if not send it again."""

    at: datetime
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """Hold back the agency until ``until`` (None.

    Until a person resumes it); this delivery is due at ``at``.
    """

    at: datetime
    until: datetime | None
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Bury:
    """Try no more; a person must act."""

    reason: str


Decision = Retry | Ask | Pause | Bury

_WORDS: Mapping[str, str] = {
    "unavailable": "the agency cannot be reached or cannot serve",
    "throttled": "the agency asked for fewer requests",
    "retry": "the agency asked to try again",
    "ambiguous": "it was sent and no usable answer came",
    "unauthorized": "the agency does not accept our identity",
    "malformed": "the answer is not what the contract promises",
    "rejected": "the agency refused it",
    "failed": "the agency could not process it",
    "data-error": "the agency says that data is wrong",
}


def decide(
    error_class: str,
    attempt: int,
    now: datetime,
    policy: RetryPolicy,
    *,
    rng: random.Random,
    created_at: datetime | None = None,
    retry_after: float | None = None,
    detail: str = "",
) -> Decision:
    """What to do after attempt number ``attempt`` (from 1) failed with ``error_class``.

    ``created_at`` is when the delivery's life began, ``retry_after`` the agency's own wish in seconds,
    ``detail`` the error in words. An unknown class is buried: nobody has said that repeating is safe.
    """
    cause = _WORDS.get(error_class, f"error of unknown class {error_class!r}")
    if detail:
        cause += f" ({detail})"
    rule = policy.of(error_class)
    if rule is None or rule.action == "bury":
        return Bury(f"{cause}: a person must act")
    if (limit := _limit_reached(rule, attempt, now, created_at)) is not None:
        return Bury(f"{cause}; {limit}: a person must act")
    at = now + timedelta(seconds=_wait(rule, attempt, policy.retry_after_cap, retry_after, rng))
    when = at.isoformat(timespec="seconds")
    if rule.action == "ask":
        return Ask(at, f"{cause}; attempt {attempt}; asks the agency at {when} before sending again")
    if rule.action == "pause":
        return Pause(at, at, f"{cause}; the agency is held back until {when}")
    return Retry(at, f"{cause}; attempt {attempt}; tries again at {when}")


def _limit_reached(rule: ClassPolicy, attempt: int, now: datetime, created_at: datetime | None) -> str | None:
    if rule.max_attempts is not None and attempt >= rule.max_attempts:
        return f"that was attempt {attempt} of {rule.max_attempts}"
    age = (now - created_at).total_seconds() / _DAY if created_at is not None else 0.0
    if rule.max_age_days is not None and age >= rule.max_age_days:
        return f"it has been tried for {age:.1f} days"
    return None


def _wait(
    rule: ClassPolicy, attempt: int, retry_after_cap: float, retry_after: float | None, rng: random.Random
) -> float:
    """Seconds until the next attempt: never before the agency's wish, within its bound."""
    # Beyond 64 doublings every bound is at its cap; the power itself would overflow.
    bound = min(rule.cap, rule.first * rule.factor ** min(attempt - 1, 64))
    jitter = rng.uniform(0.0, bound)
    wish = retry_after if retry_after is not None and retry_after > 0 else 0.0  # NaN is no wish either
    return min(wish, retry_after_cap) + jitter
