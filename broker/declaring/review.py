"""The review of a declaration: the form each agency will receive, made by the mapping that will make it, and every
problem that any destination would find, at the field where the citizen can mend it.

Nothing is stored and nothing leaves: what is found here is what a submission at the same moment would meet.
"""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from broker.agency import Agency
from broker.book import Book
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.document import find
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.clock import local_day
from broker.declaring.basis import Basis, stood_in
from broker.declaring.forms import Line, Reader
from broker.declaring.meanings import Meanings
from broker.declaring.trace import Trace
from broker.mapping import MappingError
from broker.mapping import Problem as MappingProblem
from broker.model import Problem
from broker.process.engine import Engine
from broker.process.rules import StepRule, exclusions, missing_papers, plan, questions
from broker.routing import Router
from signing.xml import serialize

Doubts = Callable[[Node], Iterable[Problem]]
"""What seems odd about a declaration and yet does not stop it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One thing to mend. ``steps``: whose forms it concerns; a ``warning`` does not stop the submission."""

    field: str | None
    vi: str
    en: str
    steps: tuple[str, ...] = ()
    warning: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """One agency's form. ``document`` is None if it cannot be made yet; ``preliminary``: a result is still to come."""

    rule: StepRule
    agency: Agency
    office: tuple[str, str] | None
    due: datetime
    preliminary: bool
    document: bytes | None = None
    lines: tuple[Line, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """What a declaration would lead to if it were received at ``at``."""

    engine: Engine
    at: datetime
    due: datetime
    found: tuple[Found, ...]
    forms: tuple[Form, ...]

    @property
    def ready(self) -> bool:
        """True if it can be submitted as it is."""
        return all(one.warning for one in self.found)


class Reviewer:
    """Reviews declarations of any process."""

    def __init__(
        self,
        schemas: Schemas,
        book: Book,
        agencies: Mapping[str, Agency],
        router: Router,
        meanings: Meanings,
        prefix: str,
        doubts: Doubts,
    ) -> None:
        """``prefix`` stands at the head of dossier codes."""
        self._schemas = schemas
        self._book = book
        self._agencies = agencies
        self._router = router
        self._meanings = meanings
        self._prefix = prefix
        self._doubts = doubts

    def review(
        self,
        declaration: Node,
        at: datetime,
        files: Sequence[Problem] = (),
        doubts: Sequence[Problem] = (),
    ) -> Review:
        """Review a declaration, which may be incomplete. ``files``: what is wrong with the files it names;
        ``doubts``: what the hub knows otherwise, and will ask about.

        Raises LookupError if no process takes it.
        """
        declaration = copy.deepcopy(declaration)
        documents.normalize(declaration)
        engine = self._book.starts(declaration, at)
        own = self._own(declaration, engine, at, files)
        case = _Case(self, declaration, engine, at)
        wanted = plan(engine.rules, declaration)
        made = [case.form(rule) for rule in wanted]
        found = _joined(own, [(form.rule.id, problem) for form, problems in made for problem in problems])
        papers = [
            Found(one.field, one.vi, one.en, (rule.id,))
            for rule in wanted
            for one in missing_papers(rule, declaration)
        ]
        odd = (*doubts, *self._doubts(declaration))
        warnings = [Found(one.field, one.vi, one.en, warning=True) for one in odd]
        due = engine.due_of(declaration, at)
        return Review(engine, at, due, (*found, *papers, *warnings), tuple(form for form, _ in made))

    def form(
        self, declaration: Node, engine: Engine, at: datetime, step: str, results: Mapping[str, bytes]
    ) -> Form:
        """The form of one step of a dossier. ``results``: step → its result, where there is one.

        Raises KeyError for a step that is not wanted.
        """
        for rule in plan(engine.rules, declaration):
            if rule.id == step:
                return _Case(self, declaration, engine, at, results).form(rule)[0]
        raise KeyError(step)

    def problems(self, declaration: Node, at: datetime) -> list[Problem]:
        """What is wrong with the declaration by its own schema and rules."""
        name = str(declaration.tag).rpartition("}")[2]
        return self._schemas.validate(declaration, name, received=at)

    def _own(
        self, declaration: Node, engine: Engine, at: datetime, files: Sequence[Problem]
    ) -> list[Problem]:
        """What intake itself would say."""
        problems = [*self.problems(declaration, at), *exclusions(engine.rules, declaration), *files]
        self._router.renew(declaration, at)
        if all(find(declaration, rule.office) is not None for rule in plan(engine.rules, declaration)):
            problems += self._router.problems(engine.rules, declaration, at)
        return [*problems, *self._router.unclear(declaration, at), *questions(engine.rules, declaration)]


class _Case:
    """One declaration under review."""

    def __init__(
        self,
        reviewer: Reviewer,
        declaration: Node,
        engine: Engine,
        at: datetime,
        results: Mapping[str, bytes] | None = None,
    ) -> None:
        self._results = results or {}
        self._declaration = declaration
        self._engine = engine
        self._at = at
        self._on = local_day(at)
        self._agencies = reviewer._agencies
        elements = reviewer._schemas.elements
        declared = elements[engine.process.document]
        self._basis = Basis.of(elements[engine.process.step_document])
        self._trace = Trace(declared, self._basis)
        self._reader = Reader(declared, self._trace, reviewer._meanings, self._on)
        self._code = f"{reviewer._prefix}-{self._on:%y%m%d}-000000"

    def form(self, rule: StepRule) -> tuple[Form, list[Problem]]:
        """The agency's form for one step, and why it cannot be made."""
        agency = stood_in(self._agencies[rule.agency])
        pending = bool(rule.after) and self._result(rule) is None
        form = Form(rule, agency, self._office(rule), self._due(rule), preliminary=pending)
        operation = agency.operation_for("submit", rule.id)
        try:
            document = agency.payload(operation, self._source(rule), self._on, rule.mapping)
        except MappingError as error:
            checks = agency.mappings.get(rule.mapping, self._on).checks
            sources = {name: check.sources for name, check in checks.items()}
            return form, [self._mendable(problem, sources) for problem in error.problems]
        mapping = agency.mappings.get(rule.mapping, self._on)
        lines = self._reader.lines(document, mapping, self._declaration, rule.office, pending=pending)
        return dataclasses.replace(form, document=document, lines=lines), []

    def _source(self, rule: StepRule) -> bytes:
        head = build.Head(
            dossier_code=self._code,
            codes={"lienthong": self._code},
            step=rule.id,
            procedure=self._engine.rules.procedure,
            key=f"{self._code}:{rule.id}:1",
            received_at=self._at,
            due=self._due(rule),
        )
        basis = self._result(rule)
        if basis is None and rule.after:
            placeholder = self._basis.placeholder(self._declaration, self._on)
            basis = None if placeholder is None else serialize(placeholder)
        return build.step(self._engine.process.step_document, head, self._declaration, basis)

    def _result(self, rule: StepRule) -> bytes | None:
        return next((self._results[name] for name in rule.after if name in self._results), None)

    def _office(self, rule: StepRule) -> tuple[str, str] | None:
        try:
            return build.office(self._declaration, rule.office)
        except KeyError:
            return None

    def _due(self, rule: StepRule) -> datetime:
        """The step's appointment if every step before it keeps its own."""
        before = [self._due(self._engine.rules.step(name)) for name in rule.after]
        return self._engine.calendar.due(max(before, default=self._at), rule.deadline)

    def _mendable(self, problem: MappingProblem, sources: Mapping[str, Sequence[str]]) -> Problem:
        """What a destination finds, at the field of the declaration that feeds it."""
        feeding = sources.get(problem.check) or problem.field.split(", ")
        field = self._trace.field(feeding, self._declaration)
        if field is None:
            return Problem(None, problem.message_vi, problem.message_en)
        vi, en = self._trace.label(field)
        why_vi = problem.message_vi.partition(": ")[2] or problem.message_vi
        why_en = problem.message_en.partition(": ")[2] or problem.message_en
        return Problem(field, f"{vi[:1].upper()}{vi[1:]}: {why_vi}", f"{en[:1].upper()}{en[1:]}: {why_en}")


def _joined(own: Sequence[Problem], of_steps: Sequence[tuple[str, Problem]]) -> list[Found]:
    """Each problem once: what the declaration's own rules say, and what only a destination finds.

    A destination that stumbles over a field which is told to be wrong already is named there.
    """
    found = {(one.field, one.vi): Found(one.field, one.vi, one.en) for one in own}
    told = list(found)
    for step, problem in of_steps:
        keys = [key for key in told if _near(key[0], problem.field)] or [(problem.field, problem.vi)]
        for key in keys:
            one = found.setdefault(key, Found(problem.field, problem.vi, problem.en))
            found[key] = dataclasses.replace(one, steps=tuple(dict.fromkeys((*one.steps, step))))
    return list(found.values())


def _near(told: str | None, field: str | None) -> bool:
    """Whether one of the fields is, or lies within, the other."""
    if not told or not field:
        return False
    one, other = (f"{_INDEX.sub('', path)}/" for path in (told, field))
    return one.startswith(other) or other.startswith(one)


_INDEX = re.compile(r"\[\d+\]")
