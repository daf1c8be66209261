"""The vocabulary of the middle: values that intake, process, delivery and store hand to each other.

All are frozen: a changed value is a copy. Times are aware UTC datetimes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

WHOLE = "dossier"
"""Stands for the step in what is said of a dossier as a whole."""


class StepState(StrEnum):
    """State of one step (xsd/lienthong/1.0/common.xsd, StateValue); numbers are the observed portal codes."""

    PLANNED = "planned"
    SENDING = "sending"
    RECEIVED = "received"  # 1
    SUPPLEMENT = "supplement"  # 2
    ACCEPTED = "accepted"  # 3
    PROCESSING = "processing"  # 7
    COMPLETED = "completed"  # 4
    RETURNED = "returned"  # 5
    REJECTED = "rejected"  # 6
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    STUCK = "stuck"


class DossierState(StrEnum):
    """State of a whole dossier, always derived (intake.xsd, DossierStateValue)."""

    CHECKING = "checking"
    SUPPLEMENT = "supplement"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partially-completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    STUCK = "stuck"


class Phase(StrEnum):
    """Where a dossier is before and beside its steps."""

    CHECKING = "checking"  # population check under way
    ASKING = "asking"  # the check found a difference that the citizen must settle
    OPEN = "open"  # steps exist
    REFUSED = "refused"  # never opened: see the reason
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """How an agency took a message (report.xsd, OutcomeValue)."""

    OK = "ok"
    DUPLICATE = "duplicate"
    ABSENT = "absent"
    RETRY = "retry"
    UNAUTHORIZED = "unauthorized"
    DATA_ERROR = "data-error"
    FAILED = "failed"


class CorrectionState(StrEnum):
    """How an agency took the news that a result on which its step was built has been corrected."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class DeliveryKind(StrEnum):
    """What a delivery is for; decides what its reply means."""

    STEP = "step"
    SUPPLEMENT = "supplement"
    WITHDRAWAL = "withdrawal"
    CORRECTION = "correction"
    LIST = "list"
    POLL = "poll"
    LOOKUP = "lookup"
    STATE = "state"
    RESULT = "result"
    NOTICE = "notice"
    TEST = "test"


class DeliveryState(StrEnum):
    """Life of a delivery."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a message, at the field where it can be mended, for people in two languages."""

    field: str | None
    vi: str
    en: str


@dataclasses.dataclass(frozen=True, slots=True)
class ReportItem:
    """One item of an AgencyReport document, as plain values. ``result`` is the result element's XML (canonical).

    ``key`` is our idempotency key as the agency repeats it: it names the step.
    """

    outcome: Outcome
    dossier_code: str | None = None
    key: str | None = None
    agency_code: str | None = None
    state: StepState | None = None
    at: datetime | None = None
    officer: str | None = None
    reason: str | None = None
    error_code: str | None = None
    supplement_due: date | None = None
    new_appointment: date | None = None
    result: bytes | None = None
    personal_number: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One agency's part in a dossier.

    ``missed``: the first appointment that passed without a result; ``ended_at``: when its last word fell;
    ``alarm_at``: when a person is told that it stands where it stands for too long; ``opened_at``, ``province``,
    ``commune``: when it was planned, and the unit that has to act; ``result_at``, ``corrections``: when its result was
    last corrected and how often; ``correction``: how its agency took the correction of a result that it was built on.
    """

    id: str
    agency: str
    state: StepState
    since: datetime
    due: datetime | None = None
    version: int = 1
    agency_code: str | None = None
    reason: str | None = None
    supplement_due: datetime | None = None
    result: bytes | None = None
    poll_at: datetime | None = None
    started_at: datetime | None = None
    missed: datetime | None = None
    ended_at: datetime | None = None
    alarm_at: datetime | None = None
    opened_at: datetime | None = None
    province: str | None = None
    commune: str | None = None
    result_at: datetime | None = None
    corrections: int = 0
    correction: CorrectionState | None = None
    correction_note: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Transition:
    """One change of a step's state: when it happened, when we learnt of it, from whom, and by which message."""

    step: str
    state: StepState
    at: datetime
    recorded_at: datetime
    source: str
    inferred: bool = False
    note: str | None = None
    message_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Dossier:
    """One citizen's case. ``declaration`` is the current canonical declaration document.

    ``missed``: the first appointment for the whole that passed.
    """

    id: str
    code: str
    process: str
    rule_set: str
    sender: str
    received_at: datetime
    phase: Phase
    declaration: bytes
    officer: str
    unit: str
    version: int = 1
    due: datetime | None = None
    reason: str | None = None
    steps: tuple[Step, ...] = ()
    missed: datetime | None = None

    def step(self, step_id: str) -> Step:
        """The step of that id. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One document in or out, with its bytes. ``related_id`` is the request that this one answers."""

    id: str
    at: datetime
    direction: str  # "in" | "out"
    kind: str  # "request" | "reply" | "refused" | "failed" | "answer"
    agency: str
    operation: str
    body: bytes
    outcome: str = "ok"
    dossier: str | None = None
    related_id: str | None = None
    signer: str | None = None
    content_type: str = "application/xml"
    officer: str | None = None
    purpose: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """The obligation to get one message to an agency, exactly once in effect.

    Deliveries of one ``lane`` leave in the order of ``seq``, each after the one before it is done or cancelled.
    ``items`` are the steps it concerns, as (dossier id, step id): one for a submission, up to a chunk for a poll.
    """

    id: str
    lane: str
    seq: int
    agency: str
    kind: DeliveryKind
    operation: str
    key: str
    payload: bytes
    created_at: datetime
    next_at: datetime
    state: DeliveryState = DeliveryState.QUEUED
    dossier_id: str | None = None
    step: str | None = None
    attempts: int = 0
    ambiguous: bool = False
    error_class: str | None = None
    reason: str | None = None
    context: Mapping[str, str] = dataclasses.field(default_factory=dict)
    items: tuple[tuple[str, str], ...] = ()
    lease_owner: str | None = None
    lease_until: datetime | None = None
    done_at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One line of an agency's list (AgencyList): what it calls a dossier, and how it stands there."""

    code: str | None = None
    key: str | None = None
    agency_code: str | None = None
    state: StepState | None = None
    at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class WorkItem:
    """Something a person must look at: it has an owner, and nothing leaves the list silently.

    ``due``: until when the owner is to have seen to it.
    """

    id: str
    kind: str  # "unroutable", "dead-letter", "contradiction", "correction", "deadline", "stuck", "reconciliation" …
    at: datetime
    owner: str
    reason: str
    agency: str | None = None
    dossier_id: str | None = None
    delivery_id: str | None = None
    message_id: str | None = None
    step: str | None = None
    due: datetime | None = None
    closed_at: datetime | None = None
