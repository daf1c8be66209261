"""Values that only the store gives out: rows without their bodies, filters, pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from broker.model import DeliveryKind, DeliveryState, Phase, Step

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; ``after`` asks for the next one, None on the last."""

    items: Sequence[T]
    after: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class MessageRow:
    """A logged message without its body. ``index`` is its position in the log."""

    index: int
    id: str
    at: datetime
    direction: str
    kind: str
    agency: str
    operation: str
    outcome: str
    dossier: str | None
    related_id: str | None
    signer: str | None
    officer: str | None
    purpose: str | None
    content_type: str
    size: int
    leaf_hash: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to look for in the message log; every field that is set must hold. ``since`` <= at < ``until``.

    ``dossier`` is the linked code that messages bear, ``code`` any code of a dossier in any system, ``person`` the
    personal number of a citizen.
    """

    id: str | None = None
    agency: str | None = None
    direction: str | None = None
    kind: str | None = None
    operation: str | None = None
    outcome: str | None = None
    dossier: str | None = None
    code: str | None = None
    person: str | None = dataclasses.field(default=None, repr=False)
    officer: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The tree head of the message log (RFC 6962 §2.1); ``frontier`` is enough to append the next leaf."""

    size: int
    root: bytes
    frontier: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed head as text (C2SP tlog-checkpoint)."""

    size: int
    at: datetime
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class StoredTimestamp:
    """A token (TimeStampToken, DER) over the note of the head of ``size`` entries; ``at`` is the time in it."""

    id: int
    size: int
    authority: str
    independent: bool
    at: datetime
    token: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Uncovered:
    """How many entries no time-stamp speaks for, and since when the oldest of them has been waiting, if one has."""

    entries: int
    since: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class DossierFilter:
    """What to look for among dossiers; every field that is set must hold. ``since`` <= received < ``until``.

    ``agency`` and ``step_state`` are about open steps.
    """

    process: str | None = None
    phase: Phase | None = None
    sender: str | None = None
    unit: str | None = None
    agency: str | None = None
    step_state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    due_before: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class StepRef:
    """A step together with the dossier it belongs to."""

    dossier_id: str
    step: Step


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """Verdict of the population check on one field of one person."""

    person: str
    field: str
    verdict: str
    detail: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What to look for among deliveries; every field that is set must hold."""

    agency: str | None = None
    state: DeliveryState | None = None
    kind: DeliveryKind | None = None
    dossier_id: str | None = None
    lane: str | None = None
    error_class: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery.

    ``outcome`` is how it left the delivery: ``done``, ``retry``, ``dead``, ``settled`` (proven done by other
    means), ``answered`` (another attempt followed at once), ``released`` or ``lost`` (the worker went away).
    None while under way. What came back is in the log as the messages related to ``message_id``.
    """

    delivery_id: str
    number: int
    message_id: str
    began_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    error_class: str | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Depth:
    """Unfinished deliveries of one agency."""

    agency: str
    queued: int = 0
    leased: int = 0
    dead: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class AgencyPause:
    """Whether deliveries to an agency are held back, why, since when and until when (None: until resumed)."""

    agency: str
    paused: bool
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """Something a person did to the hub, and why."""

    at: datetime
    who: str
    act: str
    target: str
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Lookup:
    """A question about a citizen to an agency: who asked, for whose unit and purpose, and the message that asked."""

    at: datetime
    agency: str
    operation: str
    officer: str
    unit: str
    purpose: str
    dossier_id: str | None
    message_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Blob:
    """An attachment that is kept once, by hash."""

    sha256: str
    size: int
    media_type: str


def cursor(at: datetime, row_id: str) -> str:
    """The place of a row in a listing by time, as text."""
    return f"{at.astimezone(UTC).isoformat()} {row_id}"


def place(text: str) -> tuple[datetime, str]:
    """The time and id of a `cursor`. Raises ValueError if it is not one."""
    at, _, row_id = text.partition(" ")
    if not row_id:
        raise ValueError(f"{text!r} is not a page cursor")
    return datetime.fromisoformat(at), row_id
