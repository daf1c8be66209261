"""What portals and agencies ask of the hub: submit, supplement, withdraw, report.

Transport-free: a canonical request document comes in, a canonical response goes out, after everything that the answer
claims has been committed (promise 1).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping

from adapters.errors import Malformed
from broker import attachments
from broker.book import Book
from broker.canonical import build, edit
from broker.canonical import document as documents
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.changes import Cause, Changes, Decide, Unit
from broker.checks import Checks
from broker.clock import Clock, NewId
from broker.codes import DossierCodes
from broker.config.hub import Client
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound, NotNow
from broker.inbox import Answered, Inbox, Request
from broker.mapping import MappingError
from broker.model import WHOLE, Dossier, Message, Phase, Problem, StepState, Transition, WorkItem
from broker.outbox import Case, News, Outbox
from broker.process.engine import Engine, can_withdraw
from broker.process.rules import exclusions, questions
from broker.reports import Reports
from broker.routing import Router
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict as StoreConflict
from broker.store.errors import StoreUnavailable
from broker.telling import Telling

_ONLY_PAPERS = Problem(
    "Correction[1]/Field",
    "Cơ quan giải quyết chỉ nhận giấy tờ và ý kiến bổ sung; nội dung cần sửa đề nghị nêu trong phần ý kiến.",
    "The agency takes papers and words only: write what is to be corrected into the note.",
)


class Intake:
    """Takes requests in."""

    def __init__(
        self,
        *,
        store: Store,
        inbox: Inbox,
        schemas: Schemas,
        book: Book,
        changes: Changes,
        checks: Checks,
        reports: Reports,
        outbox: Outbox,
        telling: Telling,
        codes: DossierCodes,
        router: Router,
        clients: Mapping[str, Client],
        clock: Clock,
        new_id: NewId,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` tells the worker that something may be due."""
        self._store = store
        self._inbox = inbox
        self._schemas = schemas
        self._book = book
        self._changes = changes
        self._checks = checks
        self._reports = reports
        self._outbox = outbox
        self._telling = telling
        self._codes = codes
        self._router = router
        self._clients = clients
        self._clock = clock
        self._new_id = new_id
        self._wake = wake

    async def submit(self, client: str, document: bytes) -> bytes:
        """Open a dossier for a SubmitRequest; answers a SubmitResponse. Raises `HubError`."""
        return await self._answer(client, "submit", "SubmitRequest", document, self._submit)

    async def supplement(self, client: str, document: bytes) -> bytes:
        """Take what the citizen hands in later (SupplementRequest). Raises `HubError`."""
        return await self._answer(client, "supplement", "SupplementRequest", document, self._supplement)

    async def withdraw(self, client: str, document: bytes) -> bytes:
        """Take a dossier back (WithdrawRequest). Raises `HubError`."""
        return await self._answer(client, "withdraw", "WithdrawRequest", document, self._withdraw)

    async def report(self, client: str, document: bytes) -> bytes:
        """Take states and results from an agency that speaks the canonical form (ReportRequest). Raises `HubError`."""
        return await self._answer(client, "report", "ReportRequest", document, self._report)

    async def _answer(
        self,
        client_id: str,
        right: str,
        name: str,
        document: bytes,
        act: Callable[[Request], Awaitable[bytes]],
    ) -> bytes:
        """What all requests have in common: rights, understanding, repeating, refusing."""
        client = self._clients.get(client_id)
        try:
            if client is None or right not in client.may:
                raise Forbidden
            answer = await self._act(self._inbox.understand(client, name, document), act)
        except Answered as answered:
            return build.mark_duplicate(answered.answer)
        except HubError as error:
            await self._inbox.keep_refused(client_id, name, document, error)
            raise
        except StoreConflict as error:
            vi, en = (
                "Mã thông điệp này đã được dùng cho nội dung khác.",
                "This message id was used for other content.",
            )
            refusal = Conflict(vi, en, field="MessageId")
            await self._inbox.keep_refused(client_id, name, document, refusal)
            raise refusal from error
        except StoreUnavailable as error:
            raise NotNow from error
        self._wake()
        return answer

    async def _act(self, request: Request, act: Callable[[Request], Awaitable[bytes]]) -> bytes:
        """Act once. What is refused now may be a repetition of what was accepted when things stood otherwise."""
        try:
            return await act(request)
        except MappingError as error:
            refusal: HubError = Invalid(
                [
                    Problem(problem.field or None, problem.message_vi, problem.message_en)
                    for problem in error.problems
                ]
            )
        except HubError as error:
            refusal = error
        if (first := await self._inbox.first_answer(request)) is not None:
            raise Answered(first)
        raise refusal

    # ------------------------------------------------------------------ submit

    async def _submit(self, request: Request) -> bytes:
        now = self._clock()
        declaration = documents.declaration_of(request.root)
        assert declaration is not None, "the schema demands it"
        _unverified(declaration)
        engine = self._book.starts(declaration, now)
        if excluded := exclusions(engine.rules, declaration):
            raise Invalid(excluded)
        await self._files_of(declaration)
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
            due=engine.calendar.due(now, engine.rules.total),
        )
        unroutable = self._router.problems(engine.rules, declaration, now)
        unclear = self._router.unclear(declaration, now)
        missing = (*unroutable, *unclear, *questions(engine.rules, declaration))
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
        promised = engine.calendar.due(dossier.received_at, engine.rules.total)
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

    # ------------------------------------------------------------------ supplement, withdraw

    async def _supplement(self, request: Request) -> bytes:
        dossier = await self._find(request)
        await self._files_of(request.root)
        if dossier.phase is Phase.ASKING:
            return await self._correct(request, dossier)
        if dossier.phase is not Phase.OPEN or not any(s.state is StepState.SUPPLEMENT for s in dossier.steps):
            vi = "Hồ sơ hiện không ở trạng thái yêu cầu bổ sung."
            raise Conflict(vi, "The dossier does not wait for a supplement.")
        if documents.find(request.root, "Correction") is not None:
            raise Invalid([_ONLY_PAPERS])
        return await self._change(
            request,
            dossier,
            lambda engine, current, told: engine.on_supplement(current, self._clock()),
            Cause(supplement=request.document),
        )

    async def _correct(self, request: Request, dossier: Dossier) -> bytes:
        """The citizen settles what the check found: new values, checked again as a whole."""
        now = self._clock()
        engine = self._book.engine(dossier)
        document = engine.process.document
        corrected = edit.corrected(dossier.declaration, request.root, self._schemas.elements[document])
        problems = self._schemas.validate(corrected, document, received=dossier.received_at)
        if not problems:
            tree = documents.as_tree(corrected)
            self._router.renew(tree, dossier.received_at)
            corrected = documents.as_bytes(tree)
            problems += self._router.problems(engine.rules, tree, dossier.received_at)
            problems += self._router.unclear(tree, dossier.received_at)
            problems += questions(engine.rules, tree)
        if problems:
            raise Invalid(problems)
        renewed = dataclasses.replace(
            dossier,
            phase=Phase.CHECKING,
            declaration=corrected,
            version=dossier.version + 1,
            reason=None,
            due=engine.calendar.due(now, engine.rules.total),
        )
        codes = await self._store.aread(lambda tx: tx.dossiers.codes(dossier.id))
        lookups = self._checks.first_lookups(Case(renewed, engine, codes))

        def check_again(tx: Tx) -> None:
            tx.dossiers.set_checks(dossier.id, [])
            for delivery in lookups:
                tx.deliveries.enqueue(delivery)
            for item in tx.work.list(kind="unroutable", dossier_id=dossier.id).items:
                tx.work.close(item.id, request.client.id, "corrected by a supplement")

        def renew(current: Dossier) -> Dossier:
            # Somebody else was faster: this correction was made to another declaration.
            if current != dossier:
                raise Conflict(
                    "Hồ sơ vừa thay đổi, đề nghị xem lại.", "The dossier has just changed: look again."
                )
            return renewed

        return await self._change(request, dossier, _nothing, Cause(), edit=renew, also=check_again)

    async def _files_of(self, holder: Node) -> None:
        """Refuse a message that names files which the hub does not have."""
        if problems := await self._store.aread(lambda tx: attachments.problems(tx, holder)):
            raise Invalid(problems)

    async def _withdraw(self, request: Request) -> bytes:
        dossier = await self._find(request)
        if not can_withdraw(dossier):
            vi = "Hồ sơ đã giải quyết xong nên không thể rút."
            raise Conflict(vi, "The dossier is settled and cannot be withdrawn.")
        reason = request.text("Reason") or ""
        return await self._change(
            request,
            dossier,
            lambda engine, current, told: engine.on_withdraw(current, reason, self._clock()),
            Cause(reason=reason),
        )

    async def _find(self, request: Request) -> Dossier:
        code = request.text("Code") or ""
        dossier = await self._store.aread(lambda tx: tx.dossiers.by_code(code))
        if dossier is None or dossier.sender != request.client.id:
            raise NotFound
        return dossier

    async def _change(
        self,
        request: Request,
        dossier: Dossier,
        decide: Decide,
        cause: Cause,
        *,
        edit: Callable[[Dossier], Dossier] | None = None,
        also: Unit | None = None,
    ) -> bytes:
        """Change a dossier once for this message id, and answer."""
        name = request.name.replace("Request", "Response")
        answer = build.acknowledgement(name, dossier.code, self._clock(), duplicate=False)

        def settle(tx: Tx) -> None:
            self._inbox.keep(tx, request, dossier.code, answer)
            if also is not None:
                also(tx)

        await self._changes.change(dossier.id, decide, settle, cause, edit)
        return answer

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


def _nothing(*_: object) -> tuple[()]:
    return ()


def _first_states(dossier: Dossier) -> list[Transition]:
    """What the portal hears at once: received, and asked if a unit is not known."""
    at = dossier.received_at
    first = [Transition(WHOLE, StepState.RECEIVED, at, at, "hub")]
    if dossier.phase is Phase.ASKING:
        first.append(Transition(WHOLE, StepState.SUPPLEMENT, at, at, "hub", note=dossier.reason))
    return first
