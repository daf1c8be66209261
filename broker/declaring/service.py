"""What declaring offers to portals and citizens: canonical documents in, canonical documents out, no transport."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime

from broker import attachments
from broker.agency import Agency
from broker.book import Book
from broker.canonical import document as documents
from broker.canonical.document import text_at
from broker.canonical.plan import Element, Node
from broker.canonical.read import Person
from broker.canonical.schemas import Schemas
from broker.certificates import differences
from broker.clock import Clock, local_day
from broker.config.forms import FormLayout
from broker.config.hub import Client
from broker.declaring import answers, paper
from broker.declaring.certified import certified
from broker.declaring.declarant import UNIT, Declarant
from broker.declaring.drafts import DraftBook
from broker.declaring.forms import declared
from broker.declaring.meanings import Meanings
from broker.declaring.prefill import ACCOUNT, AWAY, REGISTER, UNKNOWN, Asked, Prefill, filled, of_person
from broker.declaring.receipts import Receipt, Receipts
from broker.declaring.review import Form, Review, Reviewer
from broker.declaring.submitting import Submitting
from broker.errors import Forbidden, Invalid, NotFound, NotNow
from broker.fetching import Fetching
from broker.model import Problem
from broker.process.engine import Engine
from broker.process.rules import NoRuleSet
from broker.store.drafts import Draft
from broker.store.engine import Store, Tx
from broker.store.errors import StoreUnavailable
from broker.units import Units
from signing.xml import serialize

DECLARATION = "declaration"
"""Stands for the step where the declaration itself is wanted on paper."""


class Declaring:
    """The services around a declaration."""

    def __init__(
        self,
        *,
        store: Store,
        schemas: Schemas,
        book: Book,
        agencies: Mapping[str, Agency],
        units: Units,
        meanings: Meanings,
        reviewer: Reviewer,
        drafts: DraftBook,
        receipts: Receipts,
        submitting: Submitting,
        prefill: Prefill,
        fetching: Fetching,
        layouts: Mapping[str, FormLayout],
        clients: Mapping[str, Client],
        clock: Clock,
    ) -> None:
        """Nothing is opened: all parts are the hub's."""
        self._store = store
        self._schemas = schemas
        self._book = book
        self._agencies = agencies
        self._units = units
        self._meanings = meanings
        self._reviewer = reviewer
        self._drafts = drafts
        self._receipts = receipts
        self._submitting = submitting
        self._prefill = prefill
        self._fetching = fetching
        self._layouts = layouts
        self._clients = clients
        self._clock = clock

    # ------------------------------------------------------------------ what there is

    async def procedures(self, who: Declarant, document: bytes) -> bytes:
        """ProceduresRequest → ProceduresResponse: what can be declared on a day, and what each step needs."""
        self._allow(who, "submit")
        on = self._day(self._read(document, "ProceduresRequest"))
        found = []
        for process in self._book.processes.values():
            try:
                found.append((process, process.in_force(on)))
            except NoRuleSet:
                continue
        return answers.procedures(on, found, self._agencies)

    async def units(self, who: Declarant, document: bytes) -> bytes:
        """UnitsRequest → UnitsResponse: provinces of a day, or the communes of one."""
        self._allow(who, "submit")
        request = self._read(document, "UnitsRequest")
        on = self._day(request)
        return answers.units(on, self._units.listed(on, text_at(request, "Province")))

    # ------------------------------------------------------------------ review

    async def review(self, who: Declarant, document: bytes) -> bytes:
        """ReviewRequest → ReviewResponse; the declaration in it may be incomplete."""
        self._allow(who, "submit")
        root = documents.read(document)
        declaration = documents.declaration_of(root)
        if declaration is None:
            raise Invalid(self._schemas.validate(document, "ReviewRequest"))
        return answers.review(await self.reviewed(declaration), self._meanings)

    async def reviewed(self, declaration: Node) -> Review:
        """The review of a declaration as of now."""
        try:
            files, doubts = await self._store.aread(
                lambda tx: (attachments.problems(tx, declaration), differences(tx, declaration))
            )
        except StoreUnavailable as error:
            raise NotNow from error
        return self._reviewer.review(declaration, self._clock(), files, doubts)

    async def review_draft(self, who: Declarant, draft_id: str) -> bytes:
        """The ReviewResponse for a draft."""
        return answers.review(
            await self.reviewed(self._content(await self._draft(who, draft_id))), self._meanings
        )

    # ------------------------------------------------------------------ drafts

    async def create_draft(self, who: Declarant, content: bytes) -> bytes:
        """Keep a declaration as far as it goes; answers a Draft."""
        self._allow(who, "submit")
        return self._told(await self._drafts.create(who, content))

    async def draft(self, who: Declarant, draft_id: str) -> bytes:
        """A Draft with its problems."""
        draft = await self._draft(who, draft_id)
        return self._told(draft, await self._drafts.code(draft))

    async def drafts(self, who: Declarant) -> bytes:
        """All drafts of the declarant."""
        self._allow(who, "submit")
        return answers.drafts(await self._drafts.of(who))

    async def save_draft(self, who: Declarant, draft_id: str, content: bytes, version: int) -> bytes:
        """Put a declaration in the place of a version; answers the new Draft."""
        self._allow(who, "submit")
        return self._told(await self._drafts.save(who, draft_id, content, version))

    async def prefill_draft(self, who: Declarant, draft_id: str, document: bytes) -> bytes:
        """DraftPrefill → Draft: the declarant's own data from the register, or what a health facility certified under
        the code that is named; what was done is told as notices.
        """
        request = self._read(document, "DraftPrefill")
        draft = await self._draft(who, draft_id)
        declaration = self._content(draft)
        engine = self._book.starts(declaration, self._clock())
        plan = self._schemas.elements[engine.process.document]
        overwrite = text_at(request, "Overwrite") in ("true", "1")
        purpose = engine.rules.procedure
        if code := text_at(request, "Certificate"):
            officer, unit = _answering(who, request)
            found = await self._fetching.find(code, officer=officer, unit=unit, purpose=purpose)
            notices = certified(declaration, plan, found, who, overwrite=overwrite)
        else:
            asked = _asked(who, request, declaration, purpose)
            notices = await self._own_data(who, asked, declaration, plan, overwrite=overwrite)
        return self._told(await self._drafts.put(draft, serialize(declaration), draft.version, notices))

    async def _own_data(
        self, who: Declarant, asked: Asked, declaration: Node, plan: Element, *, overwrite: bool
    ) -> tuple[str, ...]:
        """Fill in what the register holds of the declarant, or else what the sign-in said."""
        record = await self._prefill.record(asked)
        if record is not None and record.person is not None:
            return filled(declaration, plan, of_person(record.person), REGISTER, overwrite=overwrite)
        notices: tuple[str, ...] = (AWAY if record is None else UNKNOWN,)
        if who.citizen is not None:
            known = of_person(Person(asked.number, asked.name, birth_date=asked.birth_date))
            notices += filled(declaration, plan, known, ACCOUNT, overwrite=overwrite)
        return notices

    async def remove_draft(self, who: Declarant, draft_id: str) -> None:
        """Forget a draft."""
        self._allow(who, "submit")
        await self._drafts.remove(who, draft_id)

    async def submit_draft(self, who: Declarant, draft_id: str, document: bytes) -> bytes:
        """DraftSubmission → ReceiptResponse; the same receipt again if it was submitted before.

        Nothing is handed in that any destination would refuse: raises `Invalid` with what the review finds.
        """
        self._allow(who, "submit")
        submission = self._read(document, "DraftSubmission")
        draft = await self._draft(who, draft_id)
        if draft.dossier_id is not None:
            return (await self._receipt(draft.dossier_id)).document(duplicate=True)
        found = (await self.reviewed(self._content(draft))).found
        if wrong := [Problem(one.field, one.vi, one.en) for one in found if not one.warning]:
            raise Invalid(wrong)
        return (await self._receipt(await self._submitting.submit(who, draft, submission))).document()

    # ------------------------------------------------------------------ receipt

    async def receipt(self, who: Declarant, document: bytes) -> bytes:
        """ReceiptRequest → ReceiptResponse, of one of the declarant's dossiers."""
        request = self._read(document, "ReceiptRequest")
        return (await self.receipt_of(who, text_at(request, "Code") or "")).document()

    async def receipt_of(self, who: Declarant, code: str) -> Receipt:
        """The receipt of one of the declarant's dossiers, by any of its codes. Raises `NotFound`."""
        self._allow(who, "status")
        return await self._receipt(await self.own(who, code))

    async def own(self, who: Declarant, code: str) -> str:
        """Id of the dossier with that code. Raises `NotFound` if it is not the declarant's."""

        def read(tx: Tx) -> str | None:
            dossier = tx.dossiers.by_code(code)
            if dossier is None or dossier.sender != who.client:
                return None
            mine = who.citizen is None or tx.drafts.submitted(dossier.id, who.owners)
            return dossier.id if mine else None

        try:
            found = await self._store.aread(read)
        except StoreUnavailable as error:
            raise NotNow from error
        if found is None:
            raise NotFound
        return found

    async def _receipt(self, dossier_id: str) -> Receipt:
        dossier, codes = await self._store.aread(
            lambda tx: (tx.dossiers.get(dossier_id), tx.dossiers.codes(dossier_id))
        )
        return self._receipts.of(dossier, codes)

    # ------------------------------------------------------------------ on paper

    async def receipt_paper(self, who: Declarant, code: str) -> bytes:
        """The receipt as PDF."""
        return await asyncio.to_thread(paper.receipt, await self.receipt_of(who, code))

    async def draft_paper(self, who: Declarant, draft_id: str, step: str) -> bytes:
        """The form of a draft's step as PDF; ``declaration`` is the declaration itself. Raises `NotFound`."""
        declaration = self._content(await self._draft(who, draft_id))
        review = await self.reviewed(declaration)
        if step == DECLARATION:
            return await self._declaration_paper(declaration, review.engine, review.at)
        form = next((one for one in review.forms if one.rule.id == step), None)
        return await self._paper(form, review.at)

    async def dossier_paper(self, who: Declarant, code: str, step: str) -> bytes:
        """The form of a dossier's step as PDF, with the results that there are. Raises `NotFound`."""
        self._allow(who, "status")
        dossier_id = await self.own(who, code)
        dossier = await self._store.aread(lambda tx: tx.dossiers.get(dossier_id))
        if not dossier.declaration:
            raise NotFound
        engine, at = self._book.engine(dossier), dossier.received_at
        declaration = documents.read(dossier.declaration)
        if step == DECLARATION:
            return await self._declaration_paper(declaration, engine, at)
        results = {one.id: one.result for one in dossier.steps if one.result is not None}
        try:
            return await self._paper(self._reviewer.form(declaration, engine, at, step, results), at)
        except KeyError as error:
            raise NotFound from error

    async def _declaration_paper(self, declaration: Node, engine: Engine, at: datetime) -> bytes:
        plan = self._schemas.elements[engine.process.document]
        blocks = declared(plan, declaration, self._meanings, local_day(at))
        return await asyncio.to_thread(paper.declaration, engine.rules.form, blocks, at)

    async def _paper(self, form: Form | None, at: datetime) -> bytes:
        if form is None or form.document is None:
            vi = "Chưa có tờ khai này: bước chưa được chọn hoặc tờ khai còn lỗi; hãy xem lại."
            raise NotFound(
                vi, "There is no such form yet: the step is not wanted, or the review finds problems."
            )
        layout = self._layouts.get(form.rule.mapping)
        if layout is not None:
            return await asyncio.to_thread(paper.form, layout, form.document, form.lines, at)
        to = self._meanings.place(*(form.office or ("", "")), local_day(at))
        addressed = f"{form.agency.config.name.vi}, {to}"
        return await asyncio.to_thread(paper.plain, form.rule.name.vi, addressed, form.lines, at)

    # ------------------------------------------------------------------ parts

    async def _draft(self, who: Declarant, draft_id: str) -> Draft:
        self._allow(who, "submit")
        return await self._drafts.get(who, draft_id)

    def _content(self, draft: Draft) -> Node:
        if draft.content is None:
            raise NotFound("Bản nháp này đã được nộp.", "The draft was submitted: ask for the dossier.")
        return documents.read(draft.content)

    def _told(self, draft: Draft, code: str | None = None) -> bytes:
        problems = []
        if draft.content is not None:
            problems = self._reviewer.problems(documents.read(draft.content), self._clock())
        return answers.draft(draft, draft.changed_at + self._drafts.keep, problems, code)

    def _allow(self, who: Declarant, right: str) -> None:
        client = self._clients.get(who.client)
        if client is None or right not in client.may:
            raise Forbidden

    def _read(self, document: bytes, name: str) -> Node:
        if problems := self._schemas.validate(document, name):
            raise Invalid(problems)
        return documents.read(document)

    def _day(self, request: Node) -> date:
        written = text_at(request, "On")
        return date.fromisoformat(written) if written else local_day(self._clock())


def _asked(who: Declarant, request: Node, declaration: Node, purpose: str) -> Asked:
    """About whom the register is asked: the citizen who signed in, or the applicant whom a portal has entered."""
    officer, unit = _answering(who, request)
    if who.citizen is not None:
        citizen = who.citizen
        return Asked(citizen.number, citizen.name, citizen.birth_date, officer, unit, purpose)
    names = (text_at(declaration, f"Applicant/Name/{part}") for part in ("Family", "Middle", "Given"))
    name = " ".join(part for part in names if part)
    number, born = (
        text_at(declaration, f"Applicant/{leaf}") or "" for leaf in ("PersonalNumber", "BirthDate")
    )
    missing = [
        path for path, text in (("PersonalNumber", number), ("Name", name), ("BirthDate", born)) if not text
    ]
    if missing:
        vi = "Cần nhập số định danh, họ tên và ngày sinh của người yêu cầu trước khi lấy dữ liệu."
        en = "Personal number, name and birth date of the applicant are needed before the register can be asked."
        raise Invalid([Problem(f"Applicant/{path}", vi, en) for path in missing])
    return Asked(number, name, born, officer, unit, purpose)


def _answering(who: Declarant, request: Node) -> tuple[str, str]:
    """Officer and unit that answer for a look-up: a citizen for themself."""
    if who.officer is not None:
        return who.officer, UNIT
    return text_at(request, "OfficerId") or "", text_at(request, "Unit") or ""
