"""Writes canonical documents: each function returns the bytes of one that is valid for its schema.

Texts of other people (reasons, notes) are fitted to their field: a long one is cut, an empty one left out.
Codes and names are never cut. Times are written with Vietnam's offset, as the people who read them count.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.document import tag
from broker.canonical.plan import NSMAP, Node
from broker.canonical.words import collapse
from broker.clock import VIETNAM, local_day
from broker.model import Outcome, Problem, Step, Transition
from signing.xml import serialize

NOTE = 1000
"""Longest note, in characters (common.xsd, NoteValue)."""

_LINE = 250
_CHANGES = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """What every message about a step begins with. ``codes``: system → the dossier's code there."""

    dossier_code: str
    codes: Mapping[str, str]
    step: str
    procedure: str
    key: str
    received_at: datetime
    due: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """One step that an agency is asked about: what it is known by, and the unit that has it."""

    dossier_code: str
    agency_code: str | None
    key: str
    procedure: str
    province: str
    commune: str


# ------------------------------------------------------------------ to agencies


def step(name: str, head: Head, declaration: bytes | Node, registration: bytes | None = None) -> bytes:
    """A step document such as BirthStep: the declaration, and what the registration brought."""
    root = start(name)
    put_head(root, head)
    root.append(_in_force(declaration))
    if registration is not None:
        root.append(documents.read(registration))
    return serialize(root)


def _in_force(declaration: bytes | Node) -> Node:
    """A copy of the declaration without papers that others replace."""
    root = copy.deepcopy(documents.as_tree(declaration))
    papers = root.find(tag("Attachments"))
    for paper in [] if papers is None else papers.findall(tag("Attachment")):
        if paper.find(tag("Superseded")) is not None and papers is not None:
            papers.remove(paper)
    if papers is not None and len(papers) == 0:
        root.remove(papers)
    return root


def step_supplement(
    head: Head, agency_code: str | None, supplement: bytes | None, replaced: Sequence[Node] = ()
) -> bytes:
    """A StepSupplement with note and attachments of the citizen's SupplementRequest, and the papers ``replaced``."""
    root = start("StepSupplement")
    put_head(root, head)
    put(root, "AgencyCode", agency_code)
    if supplement is not None:
        request = documents.read(supplement)
        for name in ("Note", "Attachments"):
            root.extend(request.findall(tag(name)))
    papers = root.find(tag("Attachments"))
    if papers is not None:
        papers.extend(copy.deepcopy(paper) for paper in replaced)
    return serialize(root)


def step_withdrawal(head: Head, agency_code: str | None, reason: str) -> bytes:
    """A StepWithdrawal."""
    root = start("StepWithdrawal")
    put_head(root, head)
    put(root, "AgencyCode", agency_code)
    put(root, "Reason", fit(reason) or "-")
    return serialize(root)


def step_correction(
    head: Head,
    agency_code: str | None,
    changes: Sequence[tuple[str, str | None, str | None]],
    result: bytes,
) -> bytes:
    """A StepCorrection: the result as it is now, and what changed as field, earlier and present value."""
    root = start("StepCorrection")
    put_head(root, head)
    put(root, "AgencyCode", agency_code)
    for field, before, after in changes[:_CHANGES]:
        node = etree.SubElement(root, tag("Change"))
        put(node, "Field", fit(field, 64))
        put(node, "Before", fit(before))
        put(node, "After", fit(after))
    root.append(documents.read(result))
    return serialize(root)


def step_query(queries: Iterable[Query]) -> bytes:
    """A StepQuery about one to fifty steps."""
    root = start("StepQuery")
    for query in queries:
        item = etree.SubElement(root, tag("Item"))
        put(item, "DossierCode", query.dossier_code)
        put(item, "AgencyCode", query.agency_code)
        put(item, "Key", query.key)
        put(item, "Procedure", query.procedure)
        _office(item, "Office", query.province, query.commune)
    return serialize(root)


def list_query(begin: datetime, until: datetime, page: int) -> bytes:
    """A ListQuery about what was taken in from ``begin`` until before ``until``; pages count from 1."""
    root = start("ListQuery")
    put(root, "From", begin)
    put(root, "Until", until)
    put(root, "Page", str(page))
    return serialize(root)


def person_query(
    kind: str,
    *,
    request_id: str,
    officer: str,
    unit: str,
    purpose: str,
    personal_number: str,
    full_name: str | None = None,
    birth_date: str | None = None,
) -> bytes:
    """A PersonQuery; ``kind`` is ``lookup`` or ``confirm``."""
    root = start("PersonQuery")
    put(root, "Kind", kind)
    put(root, "RequestId", request_id)
    put(root, "Officer", officer)
    put(root, "Unit", unit)
    put(root, "Purpose", purpose)
    put(root, "PersonalNumber", personal_number)
    put(root, "FullName", full_name)
    put(root, "BirthDate", birth_date)
    return serialize(root)


def receipt(outcome: Outcome, reason: str | None = None) -> bytes:
    """An AgencyReport with one bare item: how an agency took a message that it did not answer in a document."""
    root = start("AgencyReport")
    item = etree.SubElement(root, tag("Item"))
    put(item, "Outcome", outcome.value)
    put(item, "Reason", fit(reason))
    return serialize(root)


# ------------------------------------------------------------------ to portals


def state_report(
    dossier_code: str,
    *,
    codes: Mapping[str, str],
    procedure: str,
    agency: str,
    key: str,
    transition: Transition,
    step: Step | None = None,
    supplement_due: datetime | None = None,
    appointments: tuple[datetime, datetime] | None = None,
) -> bytes:
    """A StateReport of one transition. ``step`` gives dates and result; None for the dossier as a whole.

    ``supplement_due``: until when the citizen may hand in what is asked. ``appointments``: the one that was missed and
    the new one.
    """
    root = start("StateReport")
    put(root, "DossierCode", dossier_code)
    put_codes(root, codes)
    put(root, "Procedure", procedure)
    put(root, "Step", transition.step)
    put(root, "Agency", agency)
    put(root, "Key", key)
    put(root, "State", transition.state.value)
    put(root, "At", transition.at)
    put(root, "Inferred", transition.inferred)
    put(root, "Note", fit(transition.note))
    if step is not None:
        put(root, "StartedAt", step.started_at)
        put(root, "Due", step.due)
    if appointments is not None:
        put(root, "AppointmentMissed", appointments[0])
        put(root, "AppointmentNew", appointments[1])
    put(root, "SupplementDue", local_day(supplement_due) if supplement_due is not None else None)
    if step is not None:
        put(root, "ResultSummary", fit(summary(step.result)))
    return serialize(root)


def summary(result: bytes | None) -> str | None:
    """A result in one Vietnamese line, for a portal that has no place for its fields; None without a
    result.
    """
    if result is None:
        return None
    root = documents.read(result)
    parts = [f"{words} {text}" for name, words in _SUMMARY if (text := documents.text_at(root, name))]
    return "; ".join(parts) or None


_SUMMARY = (
    ("PersonalNumber", "số định danh cá nhân"),
    ("Number", "số"),
    ("Book", "quyển"),
    ("NoticeNumber", "thông báo số"),
    ("InsuranceNumber", "mã số bảo hiểm xã hội"),
    ("CardNumber", "số thẻ"),
    ("RegisteredOn", "ngày đăng ký"),
    ("IssuedOn", "ngày cấp"),
    ("ValidFrom", "có giá trị từ"),
    ("ValidUntil", "có giá trị đến"),
)
"""Field of a result → what it is called in the summary, in this order."""


# ------------------------------------------------------------------ answers


def submit_response(dossier_code: str, received_at: datetime, due: datetime, *, duplicate: bool) -> bytes:
    """A SubmitResponse."""
    root = start("SubmitResponse")
    put(root, "DossierCode", dossier_code)
    put(root, "ReceivedAt", received_at)
    put(root, "Due", due)
    put(root, "Duplicate", duplicate)
    return serialize(root)


def acknowledgement(
    name: str, dossier_code: str | None, received_at: datetime, *, duplicate: bool, note: str | None = None
) -> bytes:
    """A SupplementResponse, WithdrawResponse or ReportResponse, as ``name`` says."""
    root = start(name)
    put(root, "DossierCode", dossier_code)
    put(root, "ReceivedAt", received_at)
    put(root, "Duplicate", duplicate)
    put(root, "Note", fit(note))
    return serialize(root)


def certificate_query(*, request_id: str, officer: str, unit: str, purpose: str, code: str) -> bytes:
    """A CertificateQuery."""
    root = start("CertificateQuery")
    put(root, "RequestId", request_id)
    put(root, "OfficerId", officer)
    put(root, "Unit", unit)
    put(root, "Purpose", fit(purpose, _LINE))
    put(root, "Code", code)
    return serialize(root)


def certificate_receipt(transaction: str, at: datetime) -> bytes:
    """The CertificateReceipt for a facility whose certificate was taken in."""
    root = start("CertificateReceipt")
    put(root, "Transaction", transaction)
    put(root, "At", at)
    put(root, "Duplicate", False)
    return serialize(root)


def mark_duplicate(answer: bytes) -> bytes:
    """The first answer again, saying that it is not the first time."""
    root = documents.read(answer)
    duplicate = root.find(tag("Duplicate"))
    assert duplicate is not None, "every answer that is repeated has it"
    duplicate.text = "true"
    return serialize(root)


def problems(reason: str, found: Sequence[Problem]) -> bytes:
    """A Problems document; ``reason`` is one word for machines, ``found`` at least one."""
    root = start("Problems")
    put(root, "Reason", reason)
    for problem in found:
        item = etree.SubElement(root, tag("Problem"))
        put(item, "Field", fit(problem.field, _LINE))
        put(item, "Vi", fit(problem.vi))
        put(item, "En", fit(problem.en))
    return serialize(root)


def status_request(code: str) -> bytes:
    """A StatusRequest; ``code`` is any code of the dossier."""
    root = start("StatusRequest")
    put(root, "Code", code)
    return serialize(root)


def office(declaration: Node, path: str) -> tuple[str, str]:
    """Province and commune of the office at ``path``. Raises KeyError if the declaration has none there."""
    found = documents.find(declaration, path)
    if found is None:
        raise KeyError(path)
    return documents.text_at(found, "Province") or "", documents.text_at(found, "Commune") or ""


# ------------------------------------------------------------------ parts


def start(name: str) -> Node:
    """The root of a new canonical document."""
    return etree.Element(tag(name), nsmap=NSMAP)


def put(parent: Node, name: str, value: str | bool | datetime | date | None) -> None:
    """Append the leaf ``name`` with ``value``; nothing for None."""
    if value is None:
        return
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, datetime):
        value = value.astimezone(VIETNAM).isoformat(timespec="seconds")
    elif isinstance(value, date):
        value = value.isoformat()
    etree.SubElement(parent, tag(name)).text = value


def put_codes(parent: Node, codes: Mapping[str, str]) -> None:
    """Append one Code for every system."""
    for system, code in codes.items():
        etree.SubElement(parent, tag("Code"), system=system).text = code


def fit(text: str | None, longest: int = NOTE) -> str | None:
    """A text of other people in the form of a note: no control characters, cut with "…"; None if nothing is
    left.
    """
    if text is None:
        return None
    text = collapse("".join(" " if ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 else char for char in text))
    text = text.replace("\ufffe", "").replace("\uffff", "")
    return (text if len(text) <= longest else text[: longest - 1].rstrip() + "…") or None


def put_head(root: Node, head: Head) -> None:
    """Append the Head of a message about a step."""
    node = etree.SubElement(root, tag("Head"))
    put(node, "DossierCode", head.dossier_code)
    put_codes(node, head.codes)
    put(node, "Step", head.step)
    put(node, "Procedure", head.procedure)
    put(node, "Key", head.key)
    put(node, "ReceivedAt", head.received_at)
    put(node, "Due", head.due)


def _office(parent: Node, name: str, province: str, commune: str) -> None:
    node = etree.SubElement(parent, tag(name))
    put(node, "Province", province)
    put(node, "Commune", commune)
