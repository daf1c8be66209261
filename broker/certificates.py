"""Certificates of health facilities: kept when they come, found by code, compared with what citizens declare.

A facility hands its data over within four working hours of the paper (decree 63/2024/NĐ-CP); what comes later is kept
all the same, and counted. A certificate that is issued again keeps its code: the later version counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import date, datetime

from lxml import etree

from adapters.errors import Malformed
from broker.attribution import Attribution
from broker.calendar import WorkingCalendar
from broker.canonical import document as documents
from broker.canonical.document import tag, text_at
from broker.canonical.plan import Node
from broker.clock import VIETNAM, Clock
from broker.model import Message, Problem
from broker.names import same_name
from broker.store.certificates import Certificate
from broker.store.engine import Store, Tx

OPERATION = "certificate"
"""The question for a certificate by its code."""
HAND_OVER = 4
"""Working hours after the paper within which its data must be here."""

_KINDS = {tag("CertifiedBirth"): "birth", tag("CertifiedDeath"): "death"}
_SUBJECT = {"birth": "Mother/PersonalNumber", "death": "Deceased/PersonalNumber"}
_HAPPENED = {"birth": "BornAt", "death": "DiedAt"}
_CODES = {"CertifiedBirth": "Child/BirthCertificate/Number", "CertifiedDeath": "DeathPaper/Code"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Compared:
    """One fact: where the declaration says it, where the certificate does, and what it is called."""

    declared: str
    certified: str
    vi: str
    en: str
    name: bool = False


_BIRTH = (
    _Compared("Child/Sex", "Sex", "Giới tính của trẻ", "Sex of the child"),
    _Compared("Child/BirthDate", "BornAt", "Ngày sinh của trẻ", "Date of birth of the child"),
    _Compared(
        "Mother/PersonalNumber", "Mother/PersonalNumber", "Số định danh của mẹ", "Mother's personal number"
    ),
    _Compared("Mother/Name", "Mother/Name", "Họ tên của mẹ", "Mother's name", name=True),
)
_DEATH = (
    _Compared("Deceased/Name", "Deceased/Name", "Họ tên người chết", "Name of the deceased", name=True),
    _Compared("Deceased/Sex", "Deceased/Sex", "Giới tính người chết", "Sex of the deceased"),
    _Compared(
        "Deceased/PersonalNumber", "Deceased/PersonalNumber", "Số định danh người chết", "Personal number"
    ),
    _Compared("Deceased/DeathDate", "DiedAt", "Ngày chết", "Date of death"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Certified:
    """A certificate that was read and found acceptable, ready to be kept."""

    first: Certificate
    number: str | None
    reissued: bool
    people: frozenset[str] = frozenset()
    """Personal numbers of everybody whom it names."""


class Certificates:
    """What health facilities certify."""

    def __init__(self, store: Store, calendar: WorkingCalendar, clock: Clock) -> None:
        """``calendar`` says which hours are working hours."""
        self._store = store
        self._calendar = calendar
        self._clock = clock

    def read(self, document: bytes, message: Message) -> Certified | None:
        """The certificate in a canonical document that ``message`` brought; None if it is another document.

        Raises `Malformed` with every rule that it breaks.
        """
        root = documents.read(document)
        kind = _KINDS.get(str(root.tag))
        if kind is None:
            return None
        problems = list(_broken(root, kind, self._clock()))
        if problems:
            raise Malformed("; ".join(problems), raw=document)
        issued_on = date.fromisoformat(text_at(root, "IssuedOn") or "")
        now = self._clock()
        first = Certificate(
            code=text_at(root, "Code") or "",
            version=1,
            kind=kind,
            facility=text_at(root, "Facility") or "",
            document=document,
            issued_on=issued_on,
            received_at=now,
            late=now > self.expected(issued_on),
            message_id=message.id,
        )
        reissued = text_at(root, "Reissued") == "true"
        return Certified(first, text_at(root, _SUBJECT[kind]), reissued, documents.personal_numbers(root))

    def expected(self, issued_on: date) -> datetime:
        """Until when the data of a paper of that day must be here.

        The paper bears a day and no hour: the benefit of the doubt goes to the facility, so the hours are counted from
        the close of that day.
        """
        return self._calendar.add_working_hours(self._calendar.close_of(issued_on), HAND_OVER)

    async def keep(self, certified: Certified, settle: Callable[[Tx], object]) -> None:
        """Keep it as the next version of its code, in one transaction with ``settle``.

        Raises `Malformed` if the code is taken by another paper of which this is said to be no new issue.
        """

        def commit(tx: Tx) -> None:
            settle(tx)
            tx.people.note(certified.first.message_id, certified.people)
            known = tx.certificates.newest(certified.first.code)
            if known is not None and known.document == certified.first.document:
                return  # fetched before it was handed over, or the other way round
            if known is not None and known.kind == "birth" and not certified.reissued:
                raise Malformed(f"{known.code}: this code was issued before; a new issue says CAP_LAN_DAU 0")
            version = 1 if known is None else known.version + 1
            tx.certificates.add(dataclasses.replace(certified.first, version=version), certified.number)

        await self._store.write(commit)

    async def shown(self, certificate: Certificate, asked: Attribution) -> None:
        """Note that a certificate which is here already was looked up, like a question to its facility."""
        number = subject(certificate)
        about = asked if number is None else dataclasses.replace(asked, number=number)

        def note(tx: Tx) -> None:
            brought = tx.messages.get(certificate.message_id)
            about.note(tx, dataclasses.replace(brought, at=self._clock(), operation=OPERATION))

        await self._store.write(note)

    async def newest(self, code: str) -> Certificate | None:
        """The latest version of a certificate that came; None if none did."""
        return await self._store.aread(lambda tx: tx.certificates.newest(code))

    async def differences(self, declaration: Node) -> tuple[Problem, ...]:
        """What the declaration says otherwise than the certificate that it names; none if that never came."""
        return await self._store.aread(lambda tx: differences(tx, declaration))

    def otherwise(self, declaration: Node) -> tuple[Problem, ...]:
        """The same at once, for whoever writes a status."""
        return self._store.read(lambda tx: differences(tx, declaration))


def subject(certificate: Certificate) -> str | None:
    """The personal number of the mother, or of the dead person; None if the paper does not say it."""
    return text_at(documents.read(certificate.document), _SUBJECT[certificate.kind])


def differences(tx: Tx, declaration: Node) -> tuple[Problem, ...]:
    """The same inside a transaction. What the facility wrote down is compared, and not told."""
    for path in _CODES.values():
        code = text_at(declaration, path)
        known = tx.certificates.newest(code) if code else None
        if known is not None:
            return tuple(_differences(declaration, documents.read(known.document), known.kind))
    return ()


def _differences(declaration: Node, facts: Node, kind: str) -> Iterator[Problem]:
    for fact in _BIRTH if kind == "birth" else _DEATH:
        said, certified = _said(declaration, fact), text_at(facts, fact.certified)
        if said and certified and not _agree(said, certified, fact):
            paper_vi, paper_en = (
                ("giấy chứng sinh", "birth certificate")
                if kind == "birth"
                else ("giấy báo tử", "notice of death")
            )
            yield Problem(
                fact.declared,
                f"{fact.vi} khác với {paper_vi} do cơ sở y tế gửi, đề nghị kiểm tra lại.",
                f"{fact.en} differs from the {paper_en} that the health facility sent: check it.",
            )
    if kind == "birth":
        yield from _mother_for_child(declaration, facts)


def _mother_for_child(declaration: Node, facts: Node) -> Iterator[Problem]:
    """A scan that was read by machine often takes the mother's name for the child's."""
    child, mother = _name(declaration, "Child/Name"), text_at(facts, "Mother/Name")
    if child and mother and same_name(child, mother):
        yield Problem(
            "Child/Name",
            "Họ tên của trẻ trùng với họ tên của mẹ trên giấy chứng sinh, đề nghị kiểm tra lại.",
            "The child has the name of the mother on the birth certificate: check it.",
        )


def _said(declaration: Node, fact: _Compared) -> str | None:
    return _name(declaration, fact.declared) if fact.name else text_at(declaration, fact.declared)


def _name(declaration: Node, path: str) -> str | None:
    parts = (text_at(declaration, f"{path}/{part}") for part in ("Family", "Middle", "Given"))
    return " ".join(part for part in parts if part) or None


def _agree(said: str, certified: str, fact: _Compared) -> bool:
    """Names by their letters; of a moment its day, as far as the declaration knows it."""
    return same_name(said, certified) if fact.name else certified.startswith(said)


def _broken(root: etree._Element, kind: str, now: datetime) -> Iterator[str]:
    """What no schema says: the facility in the code, the year in the code, the order of the days."""
    _, _, facility, year = (text_at(root, "Code") or "...").split(".")
    issued_on = date.fromisoformat(text_at(root, "IssuedOn") or "")
    happened = datetime.fromisoformat(text_at(root, _HAPPENED[kind]) or "").astimezone(VIETNAM)
    if facility != text_at(root, "Facility"):
        yield "the facility in the code is not the facility of the document"
    if year != f"{issued_on:%y}":
        yield "the year in the code is not the year of issue"
    if happened > now or issued_on > now.astimezone(VIETNAM).date():
        yield "a time lies in the future"
    if happened.date() > issued_on:
        yield "the paper was issued before what it certifies"
