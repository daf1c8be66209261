"""What became of a dossier's messages, hop by hop: sent, received, with an officer, result; and copies of results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from broker.canonical.status import Copy
from broker.model import Delivery, DeliveryKind, DeliveryState, Step, StepState, Transition

_HOPS = (
    ("sent", StepState.SENDING),
    ("received by the agency", StepState.RECEIVED),
    ("with an officer", StepState.PROCESSING),
    ("result", StepState.COMPLETED),
)
_COPY_STATES = {DeliveryState.DONE: "confirmed", DeliveryState.DEAD: "failed"}


@dataclasses.dataclass(frozen=True, slots=True)
class Hop:
    """One place on the way of a step: when it was reached, and for how long the step has been, or was, there."""

    step: str
    name: str
    at: datetime | None
    age: timedelta | None


def hops(step: Step, history: Sequence[Transition], now: datetime) -> list[Hop]:
    """The way of a step (T1, T37). A hop that was not reached has no time; the last one reached ages until now."""
    reached = {StepState.SENDING: step.started_at} if step.started_at is not None else {}
    for line in history:
        if line.step == step.id:
            reached.setdefault(line.state, line.at)
    times = [(name, reached.get(state)) for name, state in _HOPS]
    found = []
    for number, (name, at) in enumerate(times):
        later = [time for _, time in times[number + 1 :] if time is not None]
        end = later[0] if later else step.ended_at or now
        found.append(Hop(step.id, name, at, max(end - at, timedelta()) if at is not None else None))
    return found


def copies(deliveries: Iterable[Delivery]) -> tuple[Copy, ...]:
    """How every copy of a result stands (T10); of several for one keeper and step the newest."""
    newest: dict[tuple[str, str], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda one: one.created_at):
        if delivery.kind is DeliveryKind.RESULT and delivery.step is not None:
            newest[delivery.step, delivery.agency] = delivery
    return tuple(
        Copy(step, keeper, _COPY_STATES.get(one.state, "waiting"), one.done_at or one.created_at)
        for (step, keeper), one in newest.items()
    )
