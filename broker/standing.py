"""Where a dossier stands: every step, who holds it, since when, due when, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from broker.agency import Agency
from broker.asking import Asking
from broker.book import Book
from broker.canonical import document as documents
from broker.canonical import status as s
from broker.canonical.schemas import Schemas
from broker.clock import Clock
from broker.config.hub import Client
from broker.errors import Forbidden, Invalid, NotFound, NotNow
from broker.model import DeliveryKind, Dossier, Phase, Step, StepState, Transition
from broker.process.parent import derive
from broker.process.rules import RuleSet
from broker.process.states import FINAL
from broker.receipts import copies
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, StoreUnavailable
from broker.store.rows import Check, DeliveryFilter

_HUB = "Hệ thống liên thông (data-exchange hub)"
_CITIZEN = "Công dân (citizen)"
_NOBODY = "Đã kết thúc (nobody: it has ended)"


class Standing:
    """Answers how dossiers stand."""

    def __init__(
        self,
        store: Store,
        schemas: Schemas,
        book: Book,
        agencies: Mapping[str, Agency],
        clients: Mapping[str, Client],
        asking: Asking,
        clock: Clock,
    ) -> None:
        """Reads only."""
        self._asking = asking
        self._store = store
        self._schemas = schemas
        self._book = book
        self._agencies = agencies
        self._clients = clients
        self._clock = clock

    async def status(self, client: str, document: bytes) -> bytes:
        """Answer a StatusRequest about one of the client's dossiers with a StatusResponse. Raises `HubError`."""
        caller = self._clients.get(client)
        if caller is None or "status" not in caller.may:
            raise Forbidden
        problems = self._schemas.validate(document, "StatusRequest")
        if problems:
            raise Invalid(problems)
        code = documents.text_at(documents.read(document), "Code") or ""
        try:
            found = await self._store.aread(lambda tx: _find(tx, code))
        except StoreUnavailable as error:
            raise NotNow from error
        if found is None or found[0].sender != client:
            raise NotFound
        return s.status_response(self.of(*found))

    def of(
        self,
        dossier: Dossier,
        codes: Mapping[str, str],
        history: Sequence[Transition],
        checks: Sequence[Check],
        kept: Sequence[s.Copy] = (),
    ) -> s.Status:
        """How the dossier stands now. ``kept``: copies of its results."""
        rules = self._book.engine(dossier).rules
        return s.Status(
            dossier_code=dossier.code,
            codes=codes,
            procedure=rules.procedure,
            received_at=dossier.received_at,
            state=derive(dossier.phase, dossier.steps),
            due=dossier.due,
            reason=dossier.reason,
            missing=self._missing(dossier, checks),
            checks=tuple(s.Check(check.person, check.field, check.verdict) for check in checks),
            steps=tuple(self._step(rules, step, history, kept) for step in dossier.steps),
        )

    def _missing(self, dossier: Dossier, checks: Sequence[Check]) -> tuple[s.Missing, ...]:
        if dossier.phase is Phase.ASKING:
            problems = self._asking.problems(dossier, checks)
            return tuple(s.Missing(problem.vi, field=problem.field, due=dossier.due) for problem in problems)
        return tuple(
            s.Missing(step.reason or "-", step=step.id, due=step.supplement_due)
            for step in dossier.steps
            if step.supplement_due is not None
        )

    def _step(
        self, rules: RuleSet, step: Step, history: Sequence[Transition], kept: Sequence[s.Copy]
    ) -> s.StepStatus:
        name = rules.step(step.id).name
        return s.StepStatus(
            id=step.id,
            name=f"{name.vi} ({name.en})",
            agency=step.agency,
            state=step.state,
            holder=self._holder(step),
            since=step.since,
            due=step.due,
            overdue=_overdue(step, self._clock()),
            reason=step.reason,
            agency_code=step.agency_code,
            result=step.result,
            correction=step.correction,
            correction_note=step.correction_note,
            copies=tuple(copy for copy in kept if copy.step == step.id),
            transitions=tuple(line for line in history if line.step == step.id),
        )

    def _holder(self, step: Step) -> str:
        if _awaits_consent(step):
            return _CITIZEN
        if step.state in (StepState.PLANNED, StepState.SENDING, StepState.STUCK):
            return _HUB
        if step.state is StepState.SUPPLEMENT:
            return _CITIZEN
        if step.state in FINAL:
            return _NOBODY
        name = self._agencies[step.agency].config.name
        return f"{name.vi} ({name.en})"


def _find(
    tx: Tx, code: str
) -> tuple[Dossier, dict[str, str], list[Transition], tuple[Check, ...], tuple[s.Copy, ...]] | None:
    try:
        dossier = tx.dossiers.by_code(code)
    except Conflict:
        # Two systems gave this code to different dossiers: the hub's own meaning wins.
        dossier = tx.dossiers.by_code(code, "lienthong")
    if dossier is None:
        return None
    wanted = DeliveryFilter(dossier_id=dossier.id, kind=DeliveryKind.RESULT)
    return (
        dossier,
        tx.dossiers.codes(dossier.id),
        tx.dossiers.transitions(dossier.id),
        tx.dossiers.checks(dossier.id),
        copies(tx.deliveries.list(wanted, limit=100).items),
    )


def _awaits_consent(step: Step) -> bool:
    return step.state is StepState.PLANNED and step.supplement_due is not None


def _overdue(step: Step, now: datetime) -> bool:
    """Past its appointment, or past an earlier one that was replaced."""
    late = step.missed is not None or (step.due is not None and now > step.due)
    return late and step.state not in FINAL
