"""What a change of a dossier means for the citizen: from what happened to notices in words. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from broker.canonical.notice import Said
from broker.clock import VIETNAM
from broker.config.base import Words
from broker.config.notices import NoticeKind, NoticesConfig
from broker.model import Dossier, DossierState, Phase, Step, StepState
from broker.process import commands as c
from broker.process import results
from broker.process.parent import derive
from broker.process.rules import Process, RuleSet
from broker.process.states import DONE

_WHOLE: Mapping[DossierState, NoticeKind] = {
    DossierState.COMPLETED: "completed",
    DossierState.PARTIAL: "partly-completed",
    DossierState.REJECTED: "rejected",
    DossierState.WITHDRAWN: "withdrawn",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that the citizen is told. ``values``: what the texts of the kind may name (`FIELDS`)."""

    kind: NoticeKind
    values: Mapping[str, Said]
    step: str | None = None
    due: datetime | None = None
    missed: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """What people call the process, its steps and the agencies."""

    process: Process
    rules: RuleSet
    agencies: Mapping[str, Words]

    def step(self, step: Step) -> dict[str, Said]:
        """The fields ``step`` and ``agency``."""
        agency = self.agencies.get(step.agency)
        named = _said(agency) if agency is not None else Said(step.agency, step.agency)
        return {"step": _said(self.rules.step(step.id).name), "agency": named}

    def steps(self, ids: Iterable[str]) -> Said:
        """The names of several steps in one line."""
        names = [self.rules.step(step_id).name for step_id in ids]
        return Said(", ".join(name.vi for name in names) or "-", ", ".join(name.en for name in names) or "-")


def of_intake(dossier: Dossier, promised: datetime) -> list[Event]:
    """A new dossier: its code and when to expect the results; what is asked of the citizen at once."""
    received = Event("received", {"due": moment(promised)}, due=promised)
    return [received, *_asked(dossier)]


def of_change(before: Dossier, after: Dossier, commands: Sequence[c.Command], names: Names) -> list[Event]:
    """What is new for the citizen in a change."""
    if before.phase is not after.phase and after.phase is Phase.ASKING:
        return _asked(after)
    known = {step.id: step for step in before.steps}
    old, new = derive(before.phase, before.steps), derive(after.phase, after.steps)
    ended = new if new is not old and new in _WHOLE else None
    events = [
        event
        for step in after.steps
        for event in _of_step(known.get(step.id), step, commands, names, told_as_whole=ended is not None)
    ]
    events += _apologies(after, commands, names)
    if ended is not None:
        events.append(_of_whole(ended, after, names))
    events += _not_chosen(known, after, names)
    return events


def render(event: Event, config: NoticesConfig, code: str, names: Names) -> tuple[Said, list[Said]] | None:
    """Subject and paragraphs of a notice; None if the configuration has no words for its kind."""
    texts = config.texts.get(event.kind)
    if texts is None:
        return None
    values = {"code": Said(code, code), "process": _said(names.process.name), **event.values}

    def filled(words: Words) -> Said:
        return Said(
            words.vi.format_map({name: value.vi for name, value in values.items()}),
            words.en.format_map({name: value.en for name, value in values.items()}),
        )

    return filled(texts.subject), [filled(paragraph) for paragraph in texts.paragraphs]


def moment(at: datetime) -> Said:
    """A time as people write it."""
    written = f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return Said(written, written)


def _said(words: Words) -> Said:
    return Said(words.vi, words.en)


def _same(text: str | None) -> Said:
    """An agency's or a citizen's own words, which have one language."""
    return Said(text or "-", text or "-")


def _asked(dossier: Dossier) -> list[Event]:
    if dossier.phase is not Phase.ASKING or dossier.due is None:
        return []
    values = {"what": _same(dossier.reason), "until": moment(dossier.due)}
    return [Event("asked", values, due=dossier.due)]


def _of_step(
    old: Step | None, step: Step, commands: Sequence[c.Command], names: Names, *, told_as_whole: bool
) -> Iterator[Event]:
    """The news of one step; its end is left to the notice of the whole when that ends with it."""
    values = names.step(step)
    was = old.state if old is not None else StepState.PLANNED
    asked = [found for found in commands if isinstance(found, c.AskCitizen) and found.step == step.id]
    if asked and step.state is StepState.SUPPLEMENT:
        until = {"what": _same(asked[-1].what), "until": moment(asked[-1].due)}
        yield Event("supplement", {**values, **until}, step.id, due=asked[-1].due)
    if _waits_for_consents(old, step, commands):
        assert step.supplement_due is not None, "looked at before"
        until = {"until": moment(step.supplement_due)}
        yield Event("consents", {**values, **until}, step.id, due=step.supplement_due)
    if step.state in DONE and was not in DONE and not told_as_whole:
        yield Event("step-completed", values, step.id)
    if step.state is StepState.REJECTED and was is not StepState.REJECTED and not told_as_whole:
        yield Event("step-rejected", {**values, "reason": _same(step.reason)}, step.id)
    if old is not None and was in DONE and _corrected(old, step, names.rules):
        yield Event("corrected", values, step.id)


def _waits_for_consents(old: Step | None, step: Step, commands: Sequence[c.Command]) -> bool:
    """Whether relatives are asked for the first time, or have said nothing for so long that it is said again."""
    if step.state is not StepState.PLANNED or step.supplement_due is None:
        return False
    again = any(isinstance(found, c.Stalled) and found.step == step.id for found in commands)
    return again or old is None or old.supplement_due is None


def _corrected(old: Step, new: Step, rules: RuleSet) -> bool:
    if old.result is None or new.result is None or old.result == new.result:
        return False
    return not results.same(rules.step(new.id), old.result, new.result)


def _apologies(dossier: Dossier, commands: Sequence[c.Command], names: Names) -> list[Event]:
    """One letter for each appointment missed; one for all if that of the whole is among them."""
    found = [command for command in commands if isinstance(command, c.Reappoint)]
    whole = [command for command in found if command.step is None]
    return [_apology(dossier, command, names) for command in whole or found]


def _apology(dossier: Dossier, command: c.Reappoint, names: Names) -> Event:
    late = [step for step in dossier.steps if step.id == command.step]
    values = names.step(late[0]) if late else _everybody(names)
    times = {"missed": moment(command.missed), "new": moment(command.due)}
    return Event("apology", {**values, **times}, command.step, due=command.due, missed=command.missed)


def _everybody(names: Names) -> dict[str, Said]:
    agency = Said(
        "Hệ thống liên thông thay mặt các cơ quan giải quyết", "The hub, for the agencies concerned,"
    )
    return {"step": _said(names.process.name), "agency": agency}


def _of_whole(state: DossierState, dossier: Dossier, names: Names) -> Event:
    done = [step.id for step in dossier.steps if step.state in DONE]
    undone = [step.id for step in dossier.steps if step.state not in DONE]
    reasons = [step.reason for step in dossier.steps if step.state is StepState.REJECTED and step.reason]
    values = {
        "done": names.steps(done),
        "undone": names.steps(undone),
        "reason": _same(dossier.reason or "; ".join(reasons) or None),
    }
    return Event(_WHOLE[state], values)


def _not_chosen(known: Mapping[str, Step], dossier: Dossier, names: Names) -> Iterator[Event]:
    """Once the step has its result on which others could have been built: those that were not chosen (T11)."""
    has = {step.id for step in dossier.steps}
    new = {
        step.id
        for step in dossier.steps
        if step.state in DONE and (step.id not in known or known[step.id].state not in DONE)
    }
    left = [rule.id for rule in names.rules.steps if rule.id not in has and set(rule.after) & new]
    if left:
        yield Event("not-chosen", {"steps": names.steps(left)})
