"""Consents that a step waits for: relatives who have to agree before a lump sum is asked for.

Who does not answer is reminded; who refuses, or says nothing until the last day, ends the step and nothing else
(column 11 of the list of relatives, or the paper 09-HSB).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from broker.calendar import WorkingCalendar
from broker.canonical import document as documents
from broker.canonical.document import tag, text_at
from broker.canonical.plan import Node
from broker.model import Dossier, Step, StepState
from broker.process import commands as c
from broker.process import texts
from broker.process.rules import Consents, StepRule

GIVEN = frozenset({"given-vneid", "given-paper"})
"""Values of Consent that let a step go."""

REFUSED = "refused"
"""The value that ends it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Voice:
    """What one relative says; ``consent`` None: nothing yet."""

    name: str
    number: str | None
    consent: str | None


def voices(rule: Consents, declaration: Node) -> list[Voice]:
    """Everybody whose consent the step needs, in the declaration's order; nobody if the case needs none."""
    if rule.when is not None and not rule.when.holds(declaration):
        return []
    path, _, name = rule.of.rpartition("/")
    parent = documents.find(declaration, path) if path else declaration
    found = parent.iterchildren(tag(name)) if parent is not None else ()
    return [
        Voice(text_at(one, "Name") or "?", text_at(one, "PersonalNumber"), text_at(one, "Consent"))
        for one in found
    ]


def hold(
    rule: StepRule, step: Step, dossier: Dossier, calendar: WorkingCalendar, now: datetime
) -> tuple[c.Command, ...] | None:
    """None if nothing stands in the way of the step; else what becomes of it meanwhile, perhaps nothing new."""
    if rule.consents is None:
        return None
    wanted = voices(rule.consents, documents.read(dossier.declaration))
    refusing = [voice.name for voice in wanted if voice.consent == REFUSED]
    if refusing:
        return (c.Cancel(step.id, texts.consent_refused(refusing), now),)
    silent = [voice.name for voice in wanted if voice.consent not in GIVEN]
    if not silent:
        return None
    return tuple(_wait(rule.consents, step, texts.waits_for_consent(silent), calendar, now))


def _wait(
    rule: Consents, step: Step, what: str, calendar: WorkingCalendar, now: datetime
) -> Iterator[c.Command]:
    if step.supplement_due is None:
        yield c.AskCitizen(step.id, what, calendar.last_moment(now, rule.days))
        yield c.Watch(step.id, calendar.last_moment(now, rule.remind_days))
    elif step.reason != what:
        yield c.AskCitizen(step.id, what, step.supplement_due)


def give_up(rule: StepRule, step: Step, now: datetime) -> c.Cancel | None:
    """End a step for which not everybody agreed by the last day."""
    waits = step.state == StepState.PLANNED and step.supplement_due is not None
    if rule.consents is None or not waits or step.supplement_due is None or now <= step.supplement_due:
        return None
    return c.Cancel(step.id, texts.not_consented(rule.consents.days), now)
