"""Reads canonical documents that are valid for their schema into plain values."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
from datetime import UTC, date, datetime

from broker.canonical import document as documents
from broker.canonical.document import tag, text_at
from broker.canonical.plan import Node
from broker.errors import Invalid
from broker.model import Listed, Outcome, Problem, ReportItem, StepState
from signing.xml import canonicalize, serialize

_RESULTS = tuple(
    map(
        tag,
        (
            "Registration",
            "Residence",
            "HealthCard",
            "IdentityCard",
            "DeathRegistration",
            "ResidenceRemoval",
            "FuneralSupport",
            "SurvivorAllowance",
            "PensionStop",
        ),
    )
)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """An address as the register has it."""

    country: str
    province: str | None = None
    commune: str | None = None
    detail: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """What the population register holds of one person; dates may be partial."""

    personal_number: str
    full_name: str
    sex: str | None = None
    birth_date: str | None = None
    ethnicity: str | None = None
    nationality: str | None = None
    residence: Place | None = None
    head_name: str | None = None
    head_personal_number: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class PersonRecord:
    """The register's answer. ``found``: a look-up found a record, or the values confirmed belong together."""

    found: bool
    note: str | None = None
    person: Person | None = None


def report_items(report: bytes | Node) -> list[ReportItem]:
    """The items of an AgencyReport, in document order."""
    return [_report_item(item) for item in documents.as_tree(report).iterchildren(tag("Item"))]


def _report_item(item: Node) -> ReportItem:
    result = next(item.iterchildren(*_RESULTS), None)
    state = text_at(item, "State")
    return ReportItem(
        outcome=Outcome(text_at(item, "Outcome") or ""),
        dossier_code=text_at(item, "DossierCode"),
        key=text_at(item, "Key"),
        agency_code=text_at(item, "AgencyCode"),
        state=None if state is None else StepState(state),
        at=_instant(text_at(item, "At")),
        officer=_officer(item.find(tag("Officer"))),
        reason=text_at(item, "Reason"),
        error_code=text_at(item, "ErrorCode"),
        supplement_due=_day(text_at(item, "SupplementDue")),
        new_appointment=_day(text_at(item, "NewAppointment")),
        result=None if result is None else canonicalize(result),
        personal_number=None if result is None else text_at(result, "PersonalNumber"),
    )


def _officer(officer: Node | None) -> str | None:
    """ "Name, title, unit", as far as known."""
    if officer is None:
        return None
    return ", ".join(text for name in ("Name", "Title", "Unit") if (text := text_at(officer, name))) or None


def agency_list(document: bytes | Node) -> tuple[list[Listed], bool]:
    """The lines of an AgencyList, in document order, and whether there are more pages."""
    root = documents.as_tree(document)
    lines = [
        Listed(
            code=text_at(item, "DossierCode"),
            key=text_at(item, "Key"),
            agency_code=text_at(item, "AgencyCode"),
            state=None if (state := text_at(item, "State")) is None else StepState(state),
            at=_instant(text_at(item, "At")),
        )
        for item in root.iterchildren(tag("Item"))
    ]
    return lines, text_at(root, "More") in ("true", "1")


def person_record(document: bytes | Node) -> PersonRecord:
    """A PersonRecord."""
    root = documents.as_tree(document)
    person = root.find(tag("Person"))
    return PersonRecord(
        found=text_at(root, "Found") in ("true", "1"),
        note=text_at(root, "Note"),
        person=None if person is None else _person(person),
    )


def _person(node: Node) -> Person:
    residence = node.find(tag("Residence"))
    return Person(
        personal_number=text_at(node, "PersonalNumber") or "",
        full_name=text_at(node, "FullName") or "",
        sex=text_at(node, "Sex"),
        birth_date=text_at(node, "BirthDate"),
        ethnicity=text_at(node, "Ethnicity"),
        nationality=text_at(node, "Nationality"),
        residence=None if residence is None else _place(residence),
        head_name=text_at(node, "HeadName"),
        head_personal_number=text_at(node, "HeadPersonalNumber"),
    )


def _place(node: Node) -> Place:
    return Place(
        country=text_at(node, "Country") or "",
        province=text_at(node, "Province"),
        commune=text_at(node, "Commune"),
        detail=text_at(node, "Detail"),
    )


def is_duplicate(answer: bytes | Node) -> bool:
    """Whether an answer says that its message was answered before."""
    return text_at(documents.as_tree(answer), "Duplicate") in ("true", "1")


def strip_documents(report: bytes | Node) -> tuple[bytes, dict[str, bytes]]:
    """The report with each result paper's content replaced by its hash, and the papers by their SHA-256.

    Raises `Invalid` for a content that is not base64.
    """
    root = documents.as_tree(report)
    papers: dict[str, bytes] = {}
    for content in list(root.iter(tag("Content"))):
        data = _decoded(content)
        digest = hashlib.sha256(data).hexdigest()
        papers[digest] = data
        content.tag = tag("SHA256")
        content.text = digest
    return serialize(root), papers


def _decoded(content: Node) -> bytes:
    """The bytes of a paper. White space in base64 is allowed (RFC 2045), anything else is not."""
    try:
        return base64.b64decode("".join((content.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        field = content.getroottree().getelementpath(content).replace(tag(""), "")
        vi = "Nội dung tệp kết quả không phải là base64 hợp lệ."
        raise Invalid(
            [Problem(field[-250:], vi, "The content of a result paper is not valid base64.")]
        ) from error


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
