"""A result that was corrected after other steps were built on it: who must hear of it, and how they take it.

The civil-status agency corrects and notifies (decree 63/2024/NĐ-CP, article 14); what was built on the result is told
step by step, and every answer is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from broker.model import CorrectionState, DeliveryKind, Dossier, Outcome, ReportItem, StepState
from broker.process import commands as c
from broker.process import states, texts
from broker.process.rules import RuleSet

BUILT = states.AT_AGENCY | states.DONE | {StepState.SENDING, StepState.STUCK}
"""Where a step stands whose agency has, or will have, what was made from the earlier result."""


def spread(
    before: Dossier,
    after: Dossier,
    said: tuple[c.Command, ...],
    rules: RuleSet,
    takes: Callable[[str], bool],
    due: datetime,
) -> Iterator[c.Command]:
    """Tell every step that was built on a result which ``said`` corrects. ``takes``: agency → takes corrections."""
    for command in said:
        if not isinstance(command, c.Replace):
            continue
        source = after.step(command.step)
        for step in after.steps:
            if command.step not in rules.step(step.id).after or step.state not in BUILT:
                continue
            if not takes(step.agency):
                yield _judged(step.id, CorrectionState.PENDING, command.at, texts.NO_CORRECTION, due)
                continue
            yield _judged(step.id, CorrectionState.PENDING, command.at, texts.CORRECTION_SENT, None)
            old = before.step(command.step).result
            yield c.Send(step.id, DeliveryKind.CORRECTION, source.corrections, before=old)


def answered(
    step: str, item: ReportItem, taken: bool, now: datetime, source: str, due: datetime
) -> c.Corrected:
    """What an agency's answer to a correction means; one that it does not take needs a person until ``due``."""
    at = item.at or now
    if taken:
        note = texts.CORRECTION_ACCEPTED
        return c.Corrected(step, CorrectionState.ACCEPTED, at, source, note)
    reason = item.reason or item.outcome.value
    return c.Corrected(step, CorrectionState.REFUSED, at, source, texts.correction_refused(reason), due)


def failed(step: str, reason: str, now: datetime, due: datetime) -> c.Corrected:
    """A correction that could not be brought to its agency."""
    return answered(step, ReportItem(Outcome.FAILED, reason=reason), False, now, "hub", due)


def _judged(step: str, state: CorrectionState, at: datetime, note: str, due: datetime | None) -> c.Corrected:
    return c.Corrected(step, state, at, "hub", note, due)
