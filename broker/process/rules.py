"""Processes as data: which steps a linked procedure has, and which rules were in force on the day of receipt.

A process file holds dated rule sets without gap or overlap. Nothing here knows what a birth is: a death
process, or a decree that adds a step, is another file or another rule set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from lxml import etree
from pydantic import Field, field_validator, model_validator

from broker.calendar import Deadline
from broker.canonical.document import find, tag, text_at
from broker.config.base import DeadlineText, ElementPath, Frozen, Name, Words
from broker.model import Problem, Step, StepState

_DAY = timedelta(days=1)

Hop = Literal["sending", "received", "accepted", "processing"]
"""A place on the way of a step where it waits for others."""


class NoRuleSet(LookupError):
    """No rules of the process were in force on that day, or none has that id."""


class When(Frozen):
    """A condition on the declaration."""

    field: ElementPath
    """Where the declaration says it."""
    values: tuple[str, ...] = Field(min_length=1)
    """It holds if one of these stands there."""

    def holds(self, declaration: etree._Element) -> bool:
        """Whether it holds; of a field that is repeated, whether it does so once."""
        path = "/".join(tag(name) for name in self.field.split("/"))
        return any((node.text or "").strip() in self.values for node in declaration.iterfind(path))


class Consents(Frozen):
    """People who have to agree before a step is sent."""

    of: ElementPath
    """The elements of the declaration that name them, each with its Consent."""
    when: When | None = None
    """In which case they have to agree; always if absent."""
    days: int = Field(default=30, ge=1, le=250)
    """Working days until a step ends for which not everybody has agreed."""
    remind_days: int = Field(default=10, ge=1, le=250)
    """Working days until a person looks why somebody has not answered."""


class Fee(Frozen):
    """What a step costs."""

    amount: int = Field(ge=0)
    """In đồng; 0 if it is free."""
    vi: str
    """For what, and who is exempt, in Vietnamese."""
    en: str
    """The same in English."""


class Paper(Frozen):
    """A paper that belongs to a step."""

    kinds: tuple[Name, ...] = Field(min_length=1)
    """Kinds of attachment, one of which will do (common.xsd, Attachment/Kind)."""
    vi: str
    """What people call it and when it is needed, in Vietnamese."""
    en: str
    """The same in English."""
    required: bool = True
    """False for a paper that an agency may ask for."""
    when: When | None = None
    """In which case it is needed; always if absent."""
    unless: tuple[ElementPath, ...] = ()
    """Elements of the declaration that stand in for it."""

    def missing(self, declaration: etree._Element) -> bool:
        """Whether the declaration needs it and does not name it among its attachments."""
        if not self.required or any(find(declaration, path) is not None for path in self.unless):
            return False
        if self.when is not None and not self.when.holds(declaration):
            return False
        return not When(field="Attachments/Attachment/Kind", values=self.kinds).holds(declaration)


class StepRule(Frozen):
    """One agency's part in a linked procedure."""

    id: Name
    """Id of the step, the same in every rule set and in the canonical messages."""
    name: Words
    """What people call the step."""
    agency: Name
    """Id of the agency, the name of its file in config/agencies."""
    mapping: Name
    """Mapping folder that makes the agency's request from the step document."""
    office: ElementPath
    """Where the declaration names the unit that has to act."""
    chosen_by: ElementPath | None = None
    """The step is wanted if the declaration has this element; without it the step is always wanted."""
    after: tuple[Name, ...] = ()
    """Steps that must have a result before this one is sent; their results go into its step document."""
    needs: tuple[Name, ...] = ()
    """Facts without which the step cannot be sent; each is given by a step before it."""
    consents: Consents | None = None
    """Who has to agree before the step is sent."""
    gives: Mapping[Name, ElementPath] = {}
    """Facts that this step's result brings, perhaps later than the result: name → path in it."""
    paper: Words | None = None
    """What the result is called, if it is a paper that people know by name."""
    fee: Fee | None = None
    """What the citizen pays; None if it is not known here."""
    papers: tuple[Paper, ...] = ()
    """Papers that are handed in for it."""
    deadline: DeadlineText
    """Working time that the agency has, from the moment that the step can be sent."""
    supplement_days: int = Field(default=7, ge=1, le=60)
    """Working days that a citizen has to hand in what the agency asks for."""
    extension: DeadlineText | None = None
    """Working time until the new appointment when one was missed; the deadline again if absent."""
    total: DeadlineText | None = None
    """Working time for the whole dossier if this step is wanted, where the rule set's total is too short for it."""


class Exclusion(Frozen):
    """A case that the linked procedure does not cover."""

    field: ElementPath
    """Where the declaration says so."""
    values: tuple[str, ...]
    """Values that exclude it."""
    vi: str
    """What the citizen is told, in Vietnamese."""
    en: str
    """The same in English."""


class Question(Frozen):
    """Something that a declaration may leave open at first but that must be known before a step is sent."""

    field: ElementPath
    """Where the declaration says it."""
    vi: str
    """What the citizen is asked, in Vietnamese."""
    en: str
    """The same in English."""


class RuleSet(Frozen):
    """What was in force from a day to a day: steps, deadlines, form and procedure codes."""

    id: Name
    """Id, kept with every dossier that was opened under it."""
    first_day: date = Field(alias="from")
    """First day of receipt to which it applies."""
    last_day: date | None = Field(default=None, alias="until")
    """Last day of receipt to which it applies; open if absent."""
    basis: str
    """The decree or decision."""
    form: str
    """The form that the citizen fills in."""
    procedures: tuple[str, ...] = Field(min_length=1)
    """Codes of the procedure; the first is written on messages, the others are accepted."""
    total: DeadlineText
    """Working time for the whole dossier, from receipt."""
    total_verified: DeadlineText
    """The same when an agency has to verify something."""
    extension: DeadlineText | None = None
    """Working time until the new appointment for the whole when one was missed; the total again if absent."""
    hops: Mapping[Hop, DeadlineText] = {}
    """Working time that a step may stand at one place on its way before a person looks at it."""
    settle_days: int = Field(default=5, ge=1, le=60)
    """Working days in which a person settles what agencies do not settle between themselves."""
    results_to: tuple[Name, ...] = ()
    """Agencies to which every result is copied, such as the citizen's electronic store."""
    excludes: tuple[Exclusion, ...] = ()
    """Cases outside the linked procedure."""
    asks: tuple[Question, ...] = ()
    """What the citizen is asked for if the declaration does not say it; until then nothing is sent."""
    steps: tuple[StepRule, ...] = Field(min_length=1)
    """Steps, each after those that it waits for."""

    @property
    def procedure(self) -> str:
        """The procedure code that is written on messages."""
        return self.procedures[0]

    def totals(self, wanted: Collection[str]) -> tuple[Deadline, ...]:
        """Working times that bound a dossier with these steps: it is due when the latest of them has passed."""
        own = (step.total for step in self.steps if step.id in wanted)
        return (self.total, *(total for total in own if total is not None))

    def step(self, step_id: str) -> StepRule:
        """The rule of that step. Raises KeyError."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    @field_validator("steps")
    @classmethod
    def _ordered(cls, steps: tuple[StepRule, ...]) -> tuple[StepRule, ...]:
        before: dict[str, StepRule] = {}
        for step in steps:
            if step.id in before:
                raise ValueError(f"step {step.id!r} is written twice: rename one")
            unknown = [name for name in step.after if name not in before]
            if unknown:
                raise ValueError(f"step {step.id!r} comes after {unknown[0]!r}: write that step above it")
            given = {
                fact for name in step.after if before[name].chosen_by is None for fact in before[name].gives
            }
            missing = [fact for fact in step.needs if fact not in given]
            if missing:
                raise ValueError(
                    f"step {step.id!r} needs {missing[0]!r}: no step in its 'after' always gives it"
                )
            before[step.id] = step
        return steps


class Process(Frozen):
    """A linked procedure group through time."""

    process: Name
    """Id, the name of the file."""
    name: Words
    """What people call the group."""
    document: str
    """Canonical element that declares a case."""
    step_document: str
    """Canonical element from which the agencies' requests are made."""
    waiting: Mapping[Name, Words] = {}
    """Fact → what a citizen reads while a step waits for it."""
    rule_sets: tuple[RuleSet, ...] = Field(min_length=1)
    """Rules, oldest first."""

    @field_validator("rule_sets")
    @classmethod
    def _seamless(cls, rule_sets: tuple[RuleSet, ...]) -> tuple[RuleSet, ...]:
        for rules in rule_sets:
            if rules.last_day is not None and rules.last_day < rules.first_day:
                raise ValueError(f"{rules.id!r} ends before it begins: swap 'from' and 'until'")
        for older, newer in pairwise(rule_sets):
            if older.last_day != newer.first_day - _DAY:
                wanted = newer.first_day - _DAY
                raise ValueError(
                    f"gap or overlap: 'until' of {older.id!r} must be {wanted}, the day before {newer.id!r}"
                )
        if len({rules.id for rules in rule_sets}) < len(rule_sets):
            raise ValueError("two rule sets have one id: rename one")
        return rule_sets

    @model_validator(mode="after")
    def _words_for_waiting(self) -> Process:
        needed = {fact for rules in self.rule_sets for step in rules.steps for fact in step.needs}
        silent = sorted(needed - set(self.waiting))
        if silent:
            raise ValueError(f"'waiting' has no words for {silent[0]!r}: say what a citizen reads meanwhile")
        return self

    def in_force(self, day: date) -> RuleSet:
        """The rules for a dossier received on ``day``, local date. Raises NoRuleSet."""
        for rules in self.rule_sets:
            if rules.first_day <= day and (rules.last_day is None or day <= rules.last_day):
                return rules
        raise NoRuleSet(f"process {self.process!r} has no rules for {day}")

    def rule_set(self, rule_set_id: str) -> RuleSet:
        """The rules of that id, whenever they were in force. Raises NoRuleSet."""
        for rules in self.rule_sets:
            if rules.id == rule_set_id:
                return rules
        raise NoRuleSet(f"process {self.process!r} has no rule set {rule_set_id!r}")


def plan(rules: RuleSet, declaration: etree._Element) -> tuple[StepRule, ...]:
    """The steps that this declaration asks for."""
    return tuple(
        step
        for step in rules.steps
        if step.chosen_by is None or find(declaration, step.chosen_by) is not None
    )


def first_steps(
    planned: Iterable[StepRule], now: datetime, declaration: etree._Element | None = None
) -> tuple[Step, ...]:
    """The planned steps as they stand before anything is sent, with the units that ``declaration`` names for them."""
    return tuple(
        Step(
            id=rule.id,
            agency=rule.agency,
            state=StepState.PLANNED,
            since=now,
            opened_at=now,
            province=text_at(declaration, f"{rule.office}/Province") if declaration is not None else None,
            commune=text_at(declaration, f"{rule.office}/Commune") if declaration is not None else None,
        )
        for rule in planned
    )


def exclusions(rules: RuleSet, declaration: etree._Element) -> tuple[Problem, ...]:
    """Why the linked procedure does not cover this declaration; empty if it does."""
    return tuple(
        Problem(case.field, case.vi, case.en)
        for case in rules.excludes
        if text_at(declaration, case.field) in case.values
    )


def missing_papers(rule: StepRule, declaration: etree._Element) -> tuple[Problem, ...]:
    """Papers of a step that the declaration needs and does not have; empty if none."""
    return tuple(
        Problem("Attachments", f"Thiếu giấy tờ: {paper.vi}", f"A paper is missing: {paper.en}")
        for paper in rule.papers
        if paper.missing(declaration)
    )


def questions(rules: RuleSet, declaration: etree._Element) -> tuple[Problem, ...]:
    """What the declaration leaves open and the citizen has to add; empty if nothing."""
    return tuple(
        Problem(question.field, question.vi, question.en)
        for question in rules.asks
        if find(declaration, question.field) is None
    )
