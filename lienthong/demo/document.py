"""Builds canonical birth declarations the way a portal would: from people of the (synthetic) register."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date

from lxml import etree

NS = "urn:lienthong:1.0"


@dataclasses.dataclass(frozen=True)
class Place:
    """An address: 2-digit province, 5-digit commune, free detail."""

    province: str
    commune: str
    detail: str | None = None


@dataclasses.dataclass(frozen=True)
class Parent:
    """A person as the declarant typed them."""

    family: str | None
    middle: str | None
    given: str
    birth_date: str
    number: str
    ethnicity: str
    residence: Place

    @property
    def full_name(self) -> str:
        """The name as one line."""
        return " ".join(part for part in (self.family, self.middle, self.given) if part)


@dataclasses.dataclass(frozen=True)
class Head:
    """The head of the household that the child joins, and with whom the child will live there."""

    name: str
    number: str
    relation: str = "child"
    case: str = "with-parents"


@dataclasses.dataclass(frozen=True)
class Birth:
    """Everything a declaration says. ``applicant`` is one of the parents or somebody else."""

    sex: str
    born: date
    birth_place: Place
    registration: Place
    applicant: Parent
    relation: str
    name: tuple[str | None, str | None, str] | None
    mother: Parent | None = None
    father: Parent | None = None
    kind: str = "1"
    registration_kind: str = "1"
    sibling: int | None = None
    residence: Place | None = None
    head: Head | None = None
    insurance: Place | None = None
    facility: str = "01001"
    identity_card: Place | None = None
    certificate: str | None = None
    ethnicity: str = "01"
    attachments: Sequence[tuple[str, str, str, int, str]] = ()


class _Tree:
    """Appends elements in document order; a value of None leaves the element out."""

    def __init__(self, name: str) -> None:
        self.root = etree.Element(f"{{{NS}}}{name}", nsmap={None: NS})  # type: ignore[dict-item]  # lxml means the default namespace by None

    def group(self, parent: etree._Element, name: str) -> etree._Element:
        return etree.SubElement(parent, f"{{{NS}}}{name}")

    def leaf(self, parent: etree._Element, name: str, value: object | None, **attributes: str) -> None:
        if value is not None:
            etree.SubElement(parent, f"{{{NS}}}{name}", attributes).text = str(value)


def submission(birth: Birth, *, message_id: str, portal_code: str | None, officer: str, unit: str) -> bytes:
    """The SubmitRequest document of a portal."""
    tree = _Tree("SubmitRequest")
    tree.leaf(tree.root, "MessageId", message_id)
    tree.leaf(tree.root, "PortalCode", portal_code)
    _actor(tree, officer, unit)
    _declaration(tree, tree.group(tree.root, "BirthDeclaration"), birth)
    return etree.tostring(tree.root, encoding="UTF-8", xml_declaration=True)


def corrections(
    code: str,
    *,
    message_id: str,
    officer: str,
    unit: str,
    values: Sequence[tuple[str, str]] = (),
    paper: tuple[str, str, bytes, str] | None = None,
) -> bytes:
    """A SupplementRequest: new values by field, or a paper as (kind, file name, bytes, SHA-256)."""
    tree = _Tree("SupplementRequest")
    tree.leaf(tree.root, "MessageId", message_id)
    tree.leaf(tree.root, "Code", code)
    _actor(tree, officer, unit)
    for field, value in values:
        correction = tree.group(tree.root, "Correction")
        tree.leaf(correction, "Field", field)
        tree.leaf(correction, "Value", value)
    if paper is not None:
        kind, name, data, sha256 = paper
        _attachments(
            tree, tree.group(tree.root, "Attachments"), [(kind, name, "application/pdf", len(data), sha256)]
        )
    return etree.tostring(tree.root, encoding="UTF-8", xml_declaration=True)


def _actor(tree: _Tree, officer: str, unit: str) -> None:
    actor = tree.group(tree.root, "Actor")
    tree.leaf(actor, "OfficerId", officer)
    tree.leaf(actor, "Unit", unit)


def _declaration(tree: _Tree, root: etree._Element, birth: Birth) -> None:
    _choices(tree, tree.group(root, "Choices"), birth)
    _applicant(tree, tree.group(root, "Applicant"), birth)
    _child(tree, tree.group(root, "Child"), birth)
    for name, parent in (("Mother", birth.mother), ("Father", birth.father)):
        if parent is not None:
            _parent(tree, tree.group(root, name), parent)
    if birth.residence is not None and birth.head is not None:
        _household(tree, tree.group(root, "Household"), birth.residence, birth.head)
    if birth.insurance is not None:
        _insurance(tree, tree.group(root, "HealthInsurance"), birth)
    if birth.attachments:
        _attachments(tree, tree.group(root, "Attachments"), birth.attachments)


def _choices(tree: _Tree, root: etree._Element, birth: Birth) -> None:
    tree.leaf(root, "BirthKind", birth.kind)
    tree.leaf(root, "RegistrationKind", birth.registration_kind)
    tree.leaf(root, "ForeignElement", "false")
    offices = (
        ("RegistrationOffice", birth.registration),
        ("ResidenceOffice", birth.residence),
        ("InsuranceOffice", birth.insurance),
        ("IdentityCardOffice", birth.identity_card),
    )
    for name, place in offices:
        if place is not None:
            office = tree.group(root, name)
            tree.leaf(office, "Province", place.province)
            tree.leaf(office, "Commune", place.commune)
            tree.leaf(office, "ResultDelivery", "electronic")
    tree.leaf(root, "Copies", 2)


def _applicant(tree: _Tree, root: etree._Element, birth: Birth) -> None:
    person = birth.applicant
    _name(tree, root, person.family, person.middle, person.given)
    tree.leaf(root, "BirthDate", person.birth_date, source="account")
    tree.leaf(root, "PersonalNumber", person.number, source="account")
    tree.leaf(root, "ResidenceKind", "permanent")
    _address(tree, tree.group(root, "Residence"), person.residence)
    tree.leaf(root, "Relation", birth.relation)
    tree.leaf(root, "Phone", "0" + person.number[-9:])


def _child(tree: _Tree, root: etree._Element, birth: Birth) -> None:
    if birth.name is not None:
        _name(tree, root, *birth.name)
    tree.leaf(root, "Sex", birth.sex)
    tree.leaf(root, "BirthDate", birth.born.isoformat())
    tree.leaf(root, "SiblingOrder", birth.sibling)
    tree.leaf(root, "Ethnicity", birth.ethnicity)
    tree.leaf(root, "Nationality", "VN")
    _address(tree, tree.group(root, "BirthPlace"), birth.birth_place)
    origin = birth.father or birth.mother
    _address(tree, tree.group(root, "NativePlace"), origin.residence if origin else birth.birth_place)
    if birth.certificate is not None:
        paper = tree.group(root, "BirthCertificate")
        tree.leaf(paper, "Number", birth.certificate)
        tree.leaf(paper, "IssuedOn", birth.born.isoformat())


def _parent(tree: _Tree, root: etree._Element, person: Parent) -> None:
    _name(tree, root, person.family, person.middle, person.given)
    tree.leaf(root, "BirthDate", person.birth_date)
    tree.leaf(root, "PersonalNumber", person.number)
    tree.leaf(root, "Ethnicity", person.ethnicity)
    tree.leaf(root, "Nationality", "VN")
    tree.leaf(root, "ResidenceKind", "permanent")
    _address(tree, tree.group(root, "Residence"), person.residence)


def _household(tree: _Tree, root: etree._Element, home: Place, head: Head) -> None:
    tree.leaf(root, "Case", head.case)
    tree.leaf(root, "HeadName", head.name)
    tree.leaf(root, "HeadPersonalNumber", head.number)
    tree.leaf(root, "RelationToHead", head.relation)
    _address(tree, tree.group(root, "Address"), home)
    consent = tree.group(root, "Consent")
    tree.leaf(consent, "Who", "head")
    tree.leaf(consent, "Method", "vneid")
    tree.leaf(consent, "Name", head.name)
    tree.leaf(consent, "PersonalNumber", head.number)


def _insurance(tree: _Tree, root: etree._Element, birth: Birth) -> None:
    tree.leaf(root, "Facility", birth.facility)
    tree.leaf(root, "GuardianOnCard", "mother" if birth.mother else "father" if birth.father else "applicant")
    _address(tree, tree.group(root, "ReceiptAddress"), birth.applicant.residence)


def _attachments(tree: _Tree, root: etree._Element, files: Sequence[tuple[str, str, str, int, str]]) -> None:
    for kind, file_name, media_type, size, sha256 in files:
        item = tree.group(root, "Attachment")
        tree.leaf(item, "Kind", kind)
        tree.leaf(item, "FileName", file_name)
        tree.leaf(item, "MediaType", media_type)
        tree.leaf(item, "Size", size)
        tree.leaf(item, "SHA256", sha256)


def _name(tree: _Tree, root: etree._Element, family: str | None, middle: str | None, given: str) -> None:
    name = tree.group(root, "Name")
    tree.leaf(name, "Family", family)
    tree.leaf(name, "Middle", middle)
    tree.leaf(name, "Given", given)


def _address(tree: _Tree, root: etree._Element, place: Place) -> None:
    tree.leaf(root, "Country", "VN")
    tree.leaf(root, "Province", place.province)
    tree.leaf(root, "Commune", place.commune)
    tree.leaf(root, "Detail", place.detail)
