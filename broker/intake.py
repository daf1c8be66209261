"""What portals and agencies ask of the hub first: submit and report. What comes later: `broker.requests`.

Transport-free: a canonical request document comes in, a canonical response goes out, after everything that the answer
claims has been committed (promise 1).
"""

from __future__ import annotations

import dataclasses

from adapters.errors import Malformed
from broker import attachments
from broker.answering import Answering
from broker.book import Book
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.certificates import Certificates
from broker.changes import Changes
from broker.checks import Checks
from broker.clock import Clock, NewId
from broker.codes import DossierCodes
from broker.errors import Conflict, Invalid
from broker.inbox import Inbox, Request
from broker.model import WHOLE, Dossier, Message, Phase, Problem, StepState, Transition, WorkItem
from broker.outbox import Case, News, Outbox
from broker.process.engine import Engine
from broker.process.rules import exclusions, questions
from broker.reports import Reports
from broker.routing import Router
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict as StoreConflict
from broker.telling import Telling


class Intake:
    """Takes requests in."""

    def __init__(
        self,
        *,
        store: Store,
        answering: Answering,
        inbox: Inbox,
        schemas: Schemas,
        book: Book,
        changes: Changes,
        checks: Checks,
        reports: Reports,
        outbox: Outbox,
        telling: Telling,
        certificates: Certificates,
        codes: DossierCodes,
        router: Router,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """Collaborators of the hub."""
        self._store = store
        self._answering = answering
        self._inbox = inbox
        self._schemas = schemas
        self._book = book
        self._changes = changes
        self._checks = checks
        self._reports = reports
        self._outbox = outbox
        self._telling = telling
        self._certificates = certificates
        self._codes = codes
        self._router = router
        self._clock = clock
        self._new_id = new_id

    async def submit(self, client: str, document: bytes) -> bytes:
        """Open a dossier for a SubmitRequest; answers a SubmitResponse. Raises `HubError`."""
        return await self._answering.answer(client, "submit", "SubmitRequest", document, self._submit)

    async def report(self, client: str, document: bytes) -> bytes:
        """Take states and results from an agency that speaks the canonical form (ReportRequest). Raises `HubError`."""
        return await self._answering.answer(client, "report", "ReportRequest", document, self._report)

    # ------------------------------------------------------------------ submit

    async def _submit(self, request: Request) -> bytes:
        now = self._clock()
        declaration = documents.declaration_of(request.root)
        assert declaration is not None, "the schema demands it"
        _unverified(declaration)
        engine = self._book.starts(declaration, now)
        if excluded := exclusions(engine.rules, declaration):
            raise Invalid(excluded)
        await attachments.require(self._store, declaration)
        self._router.renew(declaration, now)
        dossier = Dossier(
            id=self._new_id(),
            code=await self._codes.next(now),
            process=engine.process.process,
            rule_set=engine.rules.id,
            sender=request.client.id,
            received_at=now,
            phase=Phase.CHECKING,
            declaration=documents.as_bytes(declaration),
            officer=request.text("Actor/OfficerId") or "",
            unit=request.text("Actor/Unit") or "",
            due=engine.due_of(declaration, now),
        )
        unroutable = self._router.problems(engine.rules, declaration, now)
        unclear = self._router.unclear(declaration, now)
        otherwise = await self._certificates.differences(declaration)
        missing = (*unroutable, *unclear, *questions(engine.rules, declaration), *otherwise)
        if missing:
            reason = "; ".join(problem.vi for problem in missing)
            dossier = dataclasses.replace(
                dossier, phase=Phase.ASKING, reason=reason, due=engine.asking_due(now)
            )
        return await self._open(request, dossier, engine, unroutable)

    async def _open(
        self, request: Request, dossier: Dossier, engine: Engine, unroutable: tuple[Problem, ...]
    ) -> bytes:
        """Store the new dossier, its look-ups and the answer in one transaction. Who has no unit gets an owner."""
        portal_code = request.text("PortalCode")
        codes = {"lienthong": dossier.code} | ({request.client.id: portal_code} if portal_code else {})
        case = Case(dossier, engine, codes)
        deliveries, unsaid = self._outbox.states(case, [News(line) for line in _first_states(dossier)])
        if dossier.phase is Phase.CHECKING:
            deliveries += self._checks.first_lookups(case)
        promised = engine.due_of(documents.as_tree(dossier.declaration), dossier.received_at)
        deliveries += self._telling.received(case, promised)
        answer = build.submit_response(dossier.code, dossier.received_at, promised, duplicate=False)

        def commit(tx: Tx) -> None:
            incoming = self._inbox.keep(tx, request, dossier.code, answer)
            tx.dossiers.add(dossier)
            for system, code in codes.items():
                _add_code(tx, dossier, system, code)
            for delivery in deliveries:
                tx.deliveries.enqueue(delivery)
            for line, why in unsaid:
                tx.work.add(self._changes.unsaid(dossier, line.step, why))
            for problem in unroutable:
                tx.work.add(self._unroutable(problem, dossier, incoming))

        await self._store.write(commit)
        return answer

    def _unroutable(self, problem: Problem, dossier: Dossier, incoming: Message) -> WorkItem:
        return WorkItem(
            id=self._new_id(),
            kind="unroutable",
            at=self._clock(),
            owner=self._book.owner(None),
            reason=f"{problem.field}: {problem.en}",
            dossier_id=dossier.id,
            message_id=incoming.id,
        )

    # ------------------------------------------------------------------ report

    async def _report(self, request: Request) -> bytes:
        answer = build.acknowledgement("ReportResponse", None, self._clock(), duplicate=False)
        report = request.root.find(documents.tag("AgencyReport"))
        assert report is not None, "the schema demands it"
        try:
            await self._reports.take(
                request.client.id,
                documents.as_bytes(report),
                lambda tx, dossier: self._inbox.keep(tx, request, dossier, answer),
            )
        except Malformed as error:
            vi = "Nội dung tệp kết quả không phải là base64 hợp lệ."
            raise Invalid([Problem("AgencyReport", vi, str(error))]) from error
        return answer


def _unverified(declaration: Node) -> None:
    """Only the hub says what the register confirms: marks that a sender brings along are taken off."""
    for element in declaration.iter():
        element.attrib.pop("verified", "")


def _add_code(tx: Tx, dossier: Dossier, system: str, code: str) -> None:
    try:
        tx.dossiers.add_code(dossier.id, system, code)
    except StoreConflict as error:
        vi, en = "Mã hồ sơ này của cổng đã thuộc một hồ sơ khác.", "This code belongs to another dossier."
        raise Conflict(vi, en, field="PortalCode") from error


def _first_states(dossier: Dossier) -> list[Transition]:
    """What the portal hears at once: received, and asked if a unit is not known."""
    at = dossier.received_at
    first = [Transition(WHOLE, StepState.RECEIVED, at, at, "hub")]
    if dossier.phase is Phase.ASKING:
        first.append(Transition(WHOLE, StepState.SUPPLEMENT, at, at, "hub", note=dossier.reason))
    return first
