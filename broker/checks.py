"""The population check of a new dossier: asks the register about every person, then decides what follows.

Each question is a delivery like any other (retried, logged, attributed to an officer and a purpose). The conversation
so far travels with it, so nothing is held in memory between two answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from broker import verdicts
from broker.agency import Agency
from broker.book import Book
from broker.canonical import document as documents
from broker.canonical import read
from broker.canonical.plan import Node
from broker.changes import Changes, Decide
from broker.clock import Clock, NewId
from broker.delivery.worker import Settle
from broker.model import Delivery, Dossier, Phase, Problem
from broker.outbox import Case, Outbox, context
from broker.population import Check, Verdict, checks
from broker.process import commands as c
from broker.process.engine import Engine
from broker.process.rules import first_steps, plan
from broker.store import rows
from broker.store.engine import Store, Tx


class Checks:
    """Runs population checks."""

    def __init__(
        self,
        *,
        store: Store,
        book: Book,
        register: Agency,
        policy: verdicts.Policy,
        changes: Changes,
        outbox: Outbox,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """``register`` is the agency that answers look-ups."""
        self._store = store
        self._book = book
        self._register = register
        self._policy = policy
        self._changes = changes
        self._outbox = outbox
        self._clock = clock
        self._new_id = new_id

    def first_lookups(self, case: Case, judged: frozenset[str] = frozenset()) -> list[Delivery]:
        """The first question about each person of the declaration, apart from roles that are ``judged`` already."""
        talks = checks(documents.as_tree(case.dossier.declaration))
        new = (talk for talk in talks if not {person.role for person in talk.people} & judged)
        found = (self._lookup(case, talk, []) for talk in new)
        return [delivery for delivery in found if delivery is not None]

    async def answered(self, delivery: Delivery, document: bytes, settle: Settle) -> None:
        """Take the register's answer: ask on, or write down the verdicts and see whether all are in."""
        dossier_id = delivery.dossier_id or ""
        dossier, codes = await self._store.aread(
            lambda tx: (tx.dossiers.get(dossier_id), tx.dossiers.codes(dossier_id))
        )
        if not _asks(dossier, delivery):
            await self._store.write(settle)
            return
        answers = [*json.loads(delivery.context["answers"]), document.decode()]
        talks = checks(documents.as_tree(dossier.declaration))
        check = _replayed(talks, delivery.context["check"], answers)
        awaited = [{person.role for person in talk.people} for talk in talks if talk.next_query() is not None]
        follow_up = self._lookup(Case(dossier, self._book.engine(dossier), codes), check, answers)
        found = [] if follow_up is not None else [_row(verdict) for verdict in check.verdicts()]

        def commit(tx: Tx) -> bool:
            """Whether this was the last answer: under the lock exactly one is, and only that one concludes."""
            settle(tx)
            if not _asks(tx.dossiers.lock(dossier_id), delivery):
                return False
            if follow_up is not None:
                tx.deliveries.enqueue(follow_up)
                return False
            tx.dossiers.add_checks(dossier_id, found)
            judged = {row.person for row in tx.dossiers.checks(dossier_id)}
            return all(roles & judged for roles in awaited)

        if await self._store.write(commit):
            await self.conclude(dossier_id)

    async def conclude(self, dossier_id: str) -> None:
        """Open, ask or refuse, once all verdicts are in. Does nothing before that, or when it is done."""

        def read_all(tx: Tx) -> tuple[Dossier, tuple[rows.Check, ...]]:
            return tx.dossiers.get(dossier_id), tx.dossiers.checks(dossier_id)

        dossier, found = await self._store.aread(read_all)
        if dossier.phase is not Phase.CHECKING:
            return
        declaration = documents.as_tree(dossier.declaration)
        all_verdicts = _verdicts(declaration, found)
        if all_verdicts is None:
            return
        decision = verdicts.decide(all_verdicts, self._policy)
        if isinstance(decision, verdicts.Proceed):
            await self._open(dossier, verdicts.apply(declaration, all_verdicts))
        elif isinstance(decision, verdicts.Ask):
            await self._changes.change(
                dossier_id, _only_if(dossier, lambda engine: self._ask(engine, decision.problems))
            )
        else:
            reason = _words(decision.problems)
            await self._changes.change(
                dossier_id, _only_if(dossier, lambda engine: [c.SetPhase(Phase.REFUSED, reason)])
            )

    def asked(self, declaration: Node, found: Sequence[rows.Check]) -> tuple[Problem, ...]:
        """What these verdicts make the hub ask of the citizen; empty while some are still to come."""
        all_verdicts = _verdicts(declaration, found)
        decision = verdicts.decide(all_verdicts, self._policy) if all_verdicts is not None else None
        return decision.problems if isinstance(decision, verdicts.Ask) else ()

    async def _open(self, dossier: Dossier, marked: Node) -> None:
        """The register agrees, as ``marked`` says: plan the steps, send what can be sent."""
        rules = self._book.engine(dossier).rules
        now = self._clock()
        if dossier.steps:
            await self._resume(dossier, marked)
            return
        opened = replace(
            dossier,
            phase=Phase.OPEN,
            declaration=documents.as_bytes(marked),
            steps=first_steps(plan(rules, marked), now, marked),
        )
        await self._changes.change(
            dossier.id,
            lambda engine, current, told: engine.open_steps(current, now) if current == opened else (),
            edit=lambda current: opened if current == dossier else current,
        )

    async def _resume(self, dossier: Dossier, marked: Node) -> None:
        """The register agrees with what was added to a dossier that is under way."""
        declaration = documents.as_bytes(marked)

        def reopened(current: Dossier) -> Dossier:
            # Agencies may have reported meanwhile: only what was checked must still be the same.
            same = (current.phase, current.version) == (Phase.CHECKING, dossier.version)
            return replace(current, phase=Phase.OPEN, declaration=declaration) if same else current

        await self._changes.change(
            dossier.id,
            lambda engine, current, told: (
                engine.on_resume(current, self._clock()) if current.declaration == declaration else ()
            ),
            edit=reopened,
        )

    def _ask(self, engine: Engine, problems: Sequence[Problem]) -> list[c.Command]:
        return [c.SetPhase(Phase.ASKING, _words(problems)), c.SetDue(None, engine.asking_due(self._clock()))]

    def _lookup(self, case: Case, check: Check, answers: Sequence[str]) -> Delivery | None:
        query = check.next_query()
        if query is None:
            return None
        dossier = case.dossier
        values = context(case) | {
            "dossier_id": dossier.id,
            "number": query.number,
            "check": check.key,
            "version": str(dossier.version),
            "answers": json.dumps(list(answers), ensure_ascii=False),
        }
        document = query.document(
            request_id=self._new_id(),
            officer=dossier.officer,
            unit=dossier.unit,
            purpose=case.rules.procedure,
        )
        name = f"{dossier.code}:check:{check.key}:{dossier.version}"
        return self._outbox.lookup(
            self._register, query.kind, document, key=f"{name}.{len(answers)}", lane=name, values=values
        )


def _asks(dossier: Dossier, delivery: Delivery) -> bool:
    """False after the citizen corrected or withdrew: then the answer is about a declaration that is no more."""
    return dossier.phase is Phase.CHECKING and str(dossier.version) == delivery.context["version"]


def _replayed(talks: Sequence[Check], key: str, answers: Sequence[str]) -> Check:
    check = next(check for check in talks if check.key == key)
    for answer in answers:
        check = check.feed(read.person_record(answer.encode()))
    return check


def _verdicts(declaration: Node, found: Sequence[rows.Check]) -> list[Verdict] | None:
    """All verdicts on the declaration, None while some are still to come."""
    stored = {(row.person, row.field): row.verdict for row in found}
    complete: list[Verdict] = []
    for check in checks(declaration):
        if check.next_query() is None:
            complete += check.verdicts()
            continue
        own = [row for row in found if row.person in {person.role for person in check.people}]
        if not own:
            return None
        complete += [
            Verdict(person.role, field, stored[person.role, field], person.path(field))  # type: ignore[arg-type]
            for person in check.people
            for field in _FIELDS
            if (person.role, field) in stored
        ]
    return complete


_FIELDS = ("PersonalNumber", "Name", "BirthDate", "Ethnicity", "Nationality", "Residence")


def _row(verdict: Verdict) -> rows.Check:
    return rows.Check(verdict.role, verdict.field, verdict.outcome)


def _words(problems: Sequence[Problem]) -> str:
    return "; ".join(dict.fromkeys(problem.vi for problem in problems))


def _only_if(expected: Dossier, decide: Callable[[Engine], Sequence[c.Command]]) -> Decide:
    """Decide only on the dossier that the verdicts are about."""
    return lambda engine, current, told: decide(engine) if current == expected else ()
