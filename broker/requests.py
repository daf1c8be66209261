"""What portals ask of a dossier that is there: supplement, withdraw, consent, resume, hand over.

Transport-free like `broker.intake`: a canonical request comes in, a canonical response goes out, after everything that
the answer claims has been committed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from broker import attachments
from broker.answering import Answering
from broker.asking import Asking
from broker.book import Book
from broker.canonical import build, edit
from broker.canonical import document as documents
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from broker.changes import Cause, Changes, Decide, Unit
from broker.checks import Checks
from broker.clock import Clock
from broker.errors import Conflict, Invalid, NotFound
from broker.inbox import Inbox, Request
from broker.model import Delivery, Dossier, Phase, Problem, StepState
from broker.outbox import Case
from broker.process.commands import Command
from broker.process.engine import Engine, can_withdraw
from broker.process.rules import exclusions, plan, questions
from broker.routing import Router
from broker.store.engine import Store, Tx

_ONLY_PAPERS = Problem(
    "Correction[1]/Field",
    "Cơ quan giải quyết chỉ nhận giấy tờ và ý kiến bổ sung; nội dung cần sửa đề nghị nêu trong phần ý kiến.",
    "The agency takes papers and words only: write what is to be corrected into the note.",
)
_NOT_ASKED = Problem(
    "Step",
    "Cơ quan giải quyết bước này không yêu cầu bổ sung.",
    "The agency of this step does not ask for a supplement.",
)
_NOT_IN_QUESTION = (
    "Phần này không được yêu cầu bổ sung, sửa đổi.",
    "Nothing was asked about this part of the declaration.",
)


class Requests:
    """Takes in what is asked of a dossier later."""

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
        router: Router,
        asking: Asking,
        clock: Clock,
    ) -> None:
        """Collaborators of the hub."""
        self._store = store
        self._answering = answering
        self._inbox = inbox
        self._schemas = schemas
        self._book = book
        self._changes = changes
        self._checks = checks
        self._router = router
        self._asking = asking
        self._clock = clock

    async def supplement(self, client: str, document: bytes) -> bytes:
        """Take what the citizen hands in later (SupplementRequest). Raises `HubError`."""
        return await self._answering.answer(
            client, "supplement", "SupplementRequest", document, self._supplement
        )

    async def withdraw(self, client: str, document: bytes) -> bytes:
        """Take a dossier back (WithdrawRequest). Raises `HubError`."""
        return await self._answering.answer(client, "withdraw", "WithdrawRequest", document, self._withdraw)

    async def consent(self, client: str, document: bytes) -> bytes:
        """Take a relative's word on what needs everybody's (ConsentRequest). Raises `HubError`."""
        return await self._answering.answer(client, "consent", "ConsentRequest", document, self._consent)

    async def resume(self, client: str, document: bytes) -> bytes:
        """Add procedures that were not chosen at first (ResumeRequest). Raises `HubError`."""
        return await self._answering.answer(client, "resume", "ResumeRequest", document, self._resume)

    async def handover(self, client: str, document: bytes) -> bytes:
        """Note that the citizen has a result in hand (HandoverRequest). Raises `HubError`."""
        return await self._answering.answer(client, "handover", "HandoverRequest", document, self._handover)

    # ------------------------------------------------------------------ supplement

    async def _supplement(self, request: Request) -> bytes:
        dossier = await self._find(request)
        await attachments.require(self._store, request.root)
        if dossier.phase is Phase.ASKING:
            return await self._correct(request, dossier)
        asking = [step.id for step in dossier.steps if step.state is StepState.SUPPLEMENT]
        if dossier.phase is not Phase.OPEN or not asking:
            vi = "Hồ sơ hiện không ở trạng thái yêu cầu bổ sung."
            raise Conflict(vi, "The dossier does not wait for a supplement.")
        step = request.text("Step")
        if step is not None and step not in asking:
            raise Invalid([_NOT_ASKED])
        if documents.find(request.root, "Correction") is not None:
            raise Invalid([_ONLY_PAPERS])
        return await self._change(
            request,
            dossier,
            lambda engine, current, told: engine.on_supplement(current, self._clock(), step),
            Cause(supplement=request.document),
            editing=lambda current: dataclasses.replace(
                current, declaration=edit.attached(current.declaration, request.root)
            ),
        )

    async def _correct(self, request: Request, dossier: Dossier) -> bytes:
        """The citizen settles what the check found: new values, checked again as a whole."""
        now = self._clock()
        engine = self._book.engine(dossier)
        document = engine.process.document
        await self._only_asked(request, dossier)
        corrected = edit.corrected(dossier.declaration, request.root, self._schemas.elements[document])
        corrected = self._valid(engine, dossier, documents.read(corrected))
        renewed = dataclasses.replace(
            dossier,
            phase=Phase.CHECKING,
            declaration=corrected,
            version=dossier.version + 1,
            reason=None,
            due=engine.due_of(documents.as_tree(corrected), now),
        )
        codes = await self._store.aread(lambda tx: tx.dossiers.codes(dossier.id))
        lookups = self._checks.first_lookups(Case(renewed, engine, codes))

        def check_again(tx: Tx) -> None:
            tx.dossiers.set_checks(dossier.id, [])
            _enqueue(tx, lookups)
            for item in tx.work.list(kind="unroutable", dossier_id=dossier.id).items:
                tx.work.close(item.id, request.client.id, "corrected by a supplement")

        edited = _instead_of(dossier, renewed)
        return await self._change(request, dossier, _nothing, Cause(), editing=edited, also=check_again)

    async def _only_asked(self, request: Request, dossier: Dossier) -> None:
        """Refuse corrections outside the parts of the declaration that are in question. Raises `Invalid`."""
        verdicts = await self._store.aread(lambda tx: tx.dossiers.checks(dossier.id))
        fields = [problem.field for problem in self._asking.problems(dossier, verdicts)]
        parts = {field.partition("/")[0] for field in fields if field}
        if not parts:
            return
        wrong = [
            Problem(f"Correction[{number}]/Field", *_NOT_IN_QUESTION)
            for number, one in enumerate(request.root.iterchildren(documents.tag("Correction")), 1)
            if (documents.text_at(one, "Field") or "").partition("/")[0] not in parts
        ]
        if wrong:
            raise Invalid(wrong)

    def _valid(self, engine: Engine, dossier: Dossier, declaration: Node) -> bytes:
        """A declaration that was changed, in the codes of its day. Raises `Invalid` with all that is wrong with it."""
        received, document = dossier.received_at, engine.process.document
        problems = self._schemas.validate(documents.as_bytes(declaration), document, received=received)
        if not problems:
            self._router.renew(declaration, received)
            problems += exclusions(engine.rules, declaration)
            problems += self._router.problems(engine.rules, declaration, received)
            problems += self._router.unclear(declaration, received)
            problems += questions(engine.rules, declaration)
        if problems:
            raise Invalid(problems)
        return documents.as_bytes(declaration)

    # ------------------------------------------------------------------ withdraw, consent, hand over

    async def _withdraw(self, request: Request) -> bytes:
        dossier = await self._find(request)
        if not can_withdraw(dossier):
            vi = "Hồ sơ đã giải quyết xong nên không thể rút."
            raise Conflict(vi, "The dossier is settled and cannot be withdrawn.")
        reason = request.text("Reason") or ""
        return await self._change(
            request,
            dossier,
            lambda engine, current, told: engine.on_withdraw(current, reason, self._clock(), told.unsent),
            Cause(reason=reason),
        )

    async def _consent(self, request: Request) -> bytes:
        dossier = await self._find(request)
        await attachments.require(self._store, request.root)
        rules = self._book.engine(dossier).rules
        ended = {step.id for step in dossier.steps if step.state is not StepState.PLANNED}
        waiting = [rule.consents for rule in rules.steps if rule.consents and rule.id not in ended]
        if dossier.phase in (Phase.REFUSED, Phase.WITHDRAWN) or not waiting:
            vi = "Hồ sơ không chờ ý kiến của thân nhân."
            raise Conflict(vi, "The dossier does not wait for the consent of relatives.")
        number, said = request.text("PersonalNumber") or "", request.text("Consent") or ""
        papers = documents.find(request.root, "Attachments")

        def say(current: Dossier) -> Dossier:
            declaration = edit.consented(current.declaration, waiting[0].of, number, said, papers)
            if declaration is None:
                vi = "Không có thân nhân nào có số định danh này trong tờ khai."
                en = "The declaration names no relative with this personal number."
                raise Invalid([Problem("PersonalNumber", vi, en)])
            return dataclasses.replace(current, declaration=declaration)

        return await self._change(request, dossier, self._open_steps, Cause(), editing=say)

    def _open_steps(self, engine: Engine, dossier: Dossier, _: object) -> Sequence[Command]:
        return engine.open_steps(dossier, self._clock())

    async def _handover(self, request: Request) -> bytes:
        dossier = await self._find(request)
        step, source = request.text("Step"), request.client.id
        ready = [one.id for one in dossier.steps if one.state in (StepState.COMPLETED, StepState.RETURNED)]
        if not ready or (step is not None and step not in ready):
            raise Conflict("Chưa có kết quả để trả.", "There is no result to hand over.", field="Step")
        return await self._change(
            request,
            dossier,
            lambda engine, current, told: engine.on_handover(current, step, self._clock(), source),
            Cause(),
        )

    # ------------------------------------------------------------------ resume

    async def _resume(self, request: Request) -> bytes:
        dossier = await self._find(request)
        if dossier.phase is not Phase.OPEN:
            vi = "Hồ sơ chưa mở hoặc đã kết thúc nên không thể chọn thêm thủ tục."
            raise Conflict(vi, "The dossier is not open: no procedure can be added.")
        engine = self._book.engine(dossier)
        declaration = documents.declaration_of(request.root)
        assert declaration is not None, "the schema demands it"
        await attachments.require(self._store, declaration)
        if declaration.tag != documents.tag(engine.process.document):
            vi = "Tờ khai không cùng loại với hồ sơ."
            raise Invalid([Problem("Code", vi, "The declaration is of another kind than the dossier.")])
        renewed = self._extended(engine, dossier, declaration)
        return await self._check_and_plan(request, engine, dossier, renewed)

    def _extended(self, engine: Engine, dossier: Dossier, declaration: Node) -> Dossier:
        """The dossier with the declaration that asks for more. Raises `Invalid`, Conflict if it asks for nothing."""
        for element in declaration.iter():
            element.attrib.pop("verified", "")
        self._router.renew(declaration, dossier.received_at)
        new, problems = edit.extended(documents.read(dossier.declaration), declaration)
        if problems:
            raise Invalid(problems)
        valid = self._valid(engine, dossier, new)
        known = {step.id for step in dossier.steps}
        if all(rule.id in known for rule in plan(engine.rules, new)):
            vi = "Tờ khai không chọn thêm thủ tục nào."
            raise Conflict(vi, "The declaration asks for no further procedure.")
        return dataclasses.replace(dossier, declaration=valid, version=dossier.version + 1)

    async def _check_and_plan(
        self, request: Request, engine: Engine, dossier: Dossier, renewed: Dossier
    ) -> bytes:
        """Ask the register about persons who were not there before; without any the new steps are planned at once."""
        codes, judged = await self._store.aread(
            lambda tx: (tx.dossiers.codes(dossier.id), {one.person for one in tx.dossiers.checks(dossier.id)})
        )
        lookups = self._checks.first_lookups(Case(renewed, engine, codes), frozenset(judged))
        if lookups:
            renewed = dataclasses.replace(renewed, phase=Phase.CHECKING)
        edited = _instead_of(dossier, renewed)

        def planned(engine: Engine, current: Dossier, _: object) -> Sequence[Command]:
            return () if lookups else engine.on_resume(current, self._clock())

        return await self._change(
            request, dossier, planned, Cause(), editing=edited, also=lambda tx: _enqueue(tx, lookups)
        )

    # ------------------------------------------------------------------ all

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
        editing: Callable[[Dossier], Dossier] | None = None,
        also: Unit | None = None,
    ) -> bytes:
        """Change a dossier once for this message id, and answer."""
        name = request.name.replace("Request", "Response")
        answer = build.acknowledgement(name, dossier.code, self._clock(), duplicate=False)

        def settle(tx: Tx) -> None:
            self._inbox.keep(tx, request, dossier.code, answer)
            if also is not None:
                also(tx)

        await self._changes.change(dossier.id, decide, settle, cause, editing)
        return answer


def _nothing(*_: object) -> tuple[()]:
    return ()


def _enqueue(tx: Tx, deliveries: Iterable[Delivery]) -> None:
    for delivery in deliveries:
        tx.deliveries.enqueue(delivery)


def _instead_of(expected: Dossier, renewed: Dossier) -> Callable[[Dossier], Dossier]:
    """The renewed dossier, unless somebody else was faster: then this change was made to another declaration."""

    def renew(current: Dossier) -> Dossier:
        if current != expected:
            raise Conflict(
                "Hồ sơ vừa thay đổi, đề nghị xem lại.", "The dossier has just changed: look again."
            )
        return renewed

    return renew
