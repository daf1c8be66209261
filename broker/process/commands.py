"""What the engine decides: plain values that the hub carries out in order, in one transaction."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TypeAlias

from broker.model import CorrectionState, DeliveryKind, Phase, Step, StepState


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """The step changes its state. Reported states are told to the portal, inferred ones too, in order."""

    step: str
    state: StepState
    at: datetime
    source: str
    inferred: bool = False
    note: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Send:
    """Something must reach the step's agency; ``version`` belongs to the idempotency key.

    ``before``: for a correction, the result as it was until now.
    """

    step: str
    kind: DeliveryKind
    version: int = 1
    before: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SetResult:
    """The agency's result, as canonical XML; the personal number if it brings one."""

    step: str
    xml: bytes
    personal_number: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Replace:
    """The agency has corrected its result: ``xml`` is what it says now."""

    step: str
    xml: bytes
    at: datetime
    source: str
    note: str
    personal_number: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Corrected:
    """How the step's agency takes the correction of what the step was built on.

    ``due``: a person has to see to it until then.
    """

    step: str
    state: CorrectionState
    at: datetime
    source: str
    note: str
    due: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A step that was not chosen at first is wanted now."""

    new: Step

    @property
    def step(self) -> str:
        """Its id."""
        return self.new.id


@dataclasses.dataclass(frozen=True, slots=True)
class SetAgencyCode:
    """The agency's own number for the step; earlier ones stay searchable."""

    step: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class SetDue:
    """When the step is due; ``step`` None means the whole dossier."""

    step: str | None
    due: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class AskCitizen:
    """The citizen must hand something in until ``due``."""

    step: str
    what: str
    due: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class SchedulePoll:
    """Ask the agency at that time; None: no more asking."""

    step: str
    at: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """The step's turn has come but a fact is missing; ``reason`` is for the citizen."""

    step: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """A report of a state that lies behind the step: kept with the step's history, moves nothing."""

    step: str
    state: StepState
    at: datetime
    source: str
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class Contradiction:
    """A report that cannot be true together with what is known: kept, moves nothing, a person looks at it."""

    step: str
    note: str
    at: datetime
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Overdue:
    """The step, or with None the dossier, is past ``due``. Comes at every tick: one alarm per due date."""

    step: str | None
    due: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Reappoint:
    """The appointment for the step, or with None for the dossier, is missed: apology and a new one, ``due``."""

    step: str | None
    missed: datetime
    due: datetime
    at: datetime
    source: str
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class Watch:
    """Tell a person at that time if the step still stands where it stands; None: no more watching."""

    step: str
    at: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Stalled:
    """The step stands in ``state`` since ``since``, for longer than its class of hop allows."""

    step: str
    state: StepState
    since: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Cancel:
    """The step will not be sent; deliveries of it that wait are cancelled."""

    step: str
    why: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class SetPhase:
    """The dossier as a whole enters a phase, for a reason that the citizen reads."""

    phase: Phase
    reason: str


Command: TypeAlias = (
    Move
    | Send
    | SetResult
    | Replace
    | Corrected
    | Plan
    | SetAgencyCode
    | SetDue
    | AskCitizen
    | SchedulePoll
    | Wait
    | Late
    | Contradiction
    | Overdue
    | Reappoint
    | Watch
    | Stalled
    | Cancel
    | SetPhase
)
"""One decision of the engine."""
