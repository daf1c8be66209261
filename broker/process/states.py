"""The legal order of a step's states, and how a report that skips or repeats some of them is read.

The portal enforces 1 → 3 → 7 → 4 → 5 (received, accepted, processing, completed, returned); 2 (supplement)
leads back to 1 or 3; 6 (rejected) may come at any time before a result. Agencies skip states, repeat them and
send them in the wrong order. What was skipped is filled in and marked as inferred; what comes late or
contradicts is recorded and moves nothing. A step never goes back.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable
from types import MappingProxyType
from typing import Literal

from broker.model import StepState, Transition

_S = StepState
_LEAVE = frozenset({_S.REJECTED, _S.WITHDRAWN})

NEXT = MappingProxyType(
    {
        _S.PLANNED: frozenset({_S.SENDING, _S.CANCELLED}),
        _S.SENDING: frozenset({_S.RECEIVED, _S.STUCK, _S.CANCELLED}),
        _S.RECEIVED: frozenset({_S.SUPPLEMENT, _S.ACCEPTED}) | _LEAVE,
        _S.SUPPLEMENT: frozenset({_S.RECEIVED, _S.ACCEPTED}) | _LEAVE,
        _S.ACCEPTED: frozenset({_S.PROCESSING, _S.SUPPLEMENT}) | _LEAVE,
        _S.PROCESSING: frozenset({_S.COMPLETED, _S.SUPPLEMENT}) | _LEAVE,
        _S.COMPLETED: frozenset({_S.RETURNED}),
        _S.RETURNED: frozenset[StepState](),
        _S.REJECTED: frozenset[StepState](),
        _S.WITHDRAWN: frozenset[StepState](),
        _S.CANCELLED: frozenset[StepState](),
    }
)
"""State → states that may follow it at once. STUCK is no place in the order: see `position`."""

REPORTED = frozenset(
    {
        _S.RECEIVED,
        _S.SUPPLEMENT,
        _S.ACCEPTED,
        _S.PROCESSING,
        _S.COMPLETED,
        _S.RETURNED,
        _S.REJECTED,
        _S.WITHDRAWN,
    }
)
"""States that agencies report and the portal is told (report.xsd, ReportedStateValue)."""

DONE = frozenset({_S.COMPLETED, _S.RETURNED})
"""The agency's result exists."""

FINAL = DONE | {_S.REJECTED, _S.WITHDRAWN, _S.CANCELLED}
"""Nothing more is expected of the agency."""

AT_AGENCY = frozenset({_S.RECEIVED, _S.SUPPLEMENT, _S.ACCEPTED, _S.PROCESSING})
"""The agency has the dossier and has not settled it."""

_ORDER = (_S.RECEIVED, _S.ACCEPTED, _S.PROCESSING, _S.COMPLETED, _S.RETURNED)
# A request for a supplement and an end are never guessed: only the agency can say them.
_INFERABLE = frozenset(_ORDER)
# Withdrawals and refusals may overtake what the agency did before them.
_BEFORE_AN_END = AT_AGENCY


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a reported state means for a step.

    ``advance``: go through ``path``, whose last state is the reported one and the others inferred.
    ``repeat``: known already. ``late``: it happened earlier than what is known. ``contradiction``: it cannot
    be true together with what is known.
    """

    kind: Literal["advance", "repeat", "late", "contradiction"]
    path: tuple[StepState, ...] = ()


def position(state: StepState, told: StepState | None) -> StepState:
    """Where a step stands in the legal order: one that is stuck stands where the portal last saw it."""
    if state in (_S.STUCK, _S.SENDING):
        return told or _S.SENDING
    return state


def told(transitions: Iterable[Transition], step: str) -> StepState | None:
    """The last state of ``step`` that the portal was told, None if none."""
    last = None
    for transition in transitions:
        if transition.step == step and transition.state in REPORTED:
            last = transition.state
    return last


def path(start: StepState, end: StepState) -> tuple[StepState, ...] | None:
    """The shortest legal way from ``start`` to ``end``, without ``start``; None if there is none.

    States between are only those that may be inferred: never a supplement, never an end.
    """
    ways: deque[tuple[StepState, tuple[StepState, ...]]] = deque([(start, ())])
    seen = {start}
    while ways:
        here, way = ways.popleft()
        for state in sorted(NEXT.get(here, frozenset())):
            if state == end:
                return (*way, state)
            if state in _INFERABLE and state not in seen:
                seen.add(state)
                ways.append((state, (*way, state)))
    return None


def read(current: StepState, reported: StepState) -> Reading:
    """What ``reported`` means for a step at ``current`` (a `position`)."""
    if reported == current:
        return Reading("repeat")
    way = path(current, reported)
    if way is not None:
        return Reading("advance", way)
    return Reading("late" if _came_before(current, reported) else "contradiction")


def _came_before(current: StepState, reported: StepState) -> bool:
    """True if a step at ``current`` may have been at ``reported`` before."""
    if current in (_S.REJECTED, _S.WITHDRAWN):
        return reported in _BEFORE_AN_END
    if current in DONE and reported == _S.SUPPLEMENT:
        return True
    return current in _ORDER and reported in _ORDER and _ORDER.index(reported) < _ORDER.index(current)
