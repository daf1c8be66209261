"""Builds canonical declarations the way a portal would: from people of the (synthetic) register."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date

from lxml import etree

from lienthong.demo import death as deaths
from lienthong.demo.death import Death
from lienthong.demo.parts import File, Parent, Place, Tree


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
    email: str | None = None
    attachments: Sequence[File] = ()


def submission(
    event: Birth | Death, *, message_id: str, portal_code: str | None, officer: str, unit: str
) -> bytes:
    """The SubmitRequest document of a portal."""
    tree = Tree("SubmitRequest")
    tree.leaf(tree.root, "MessageId", message_id)
    tree.leaf(tree.root, "PortalCode", portal_code)
    _actor(tree, officer, unit)
    _write(tree, tree.group(tree.root, _name(event)), event)
    return etree.tostring(tree.root, encoding="UTF-8", xml_declaration=True)


def declaration(event: Birth | Death) -> bytes:
    """The declaration alone, as it is reviewed."""
    tree = Tree(_name(event))
    _write(tree, tree.root, event)
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
    tree = Tree("SupplementRequest")
    tree.leaf(tree.root, "MessageId", message_id)
    tree.leaf(tree.root, "Code", code)
    _actor(tree, officer, unit)
    for field, value in values:
        correction = tree.group(tree.root, "Correction")
        tree.leaf(correction, "Field", field)
        tree.leaf(correction, "Value", value)
    if paper is not None:
        kind, name, data, sha256 = paper
        tree.attachments(tree.root, [(kind, name, "application/pdf", len(data), sha256)])
    return etree.tostring(tree.root, encoding="UTF-8", xml_declaration=True)


def consent(
    code: str, *, message_id: str, officer: str, unit: str, number: str, word: str = "given-vneid"
) -> bytes:
    """The ConsentRequest by which a relative, known by personal number, agrees to the lump sum, or refuses."""
    tree = Tree("ConsentRequest")
    tree.leaf(tree.root, "MessageId", message_id)
    tree.leaf(tree.root, "Code", code)
    _actor(tree, officer, unit)
    tree.leaf(tree.root, "PersonalNumber", number)
    tree.leaf(tree.root, "Consent", word)
    return etree.tostring(tree.root, encoding="UTF-8", xml_declaration=True)


def _name(event: Birth | Death) -> str:
    return "BirthDeclaration" if isinstance(event, Birth) else "DeathDeclaration"


def _write(tree: Tree, root: etree._Element, event: Birth | Death) -> None:
    if isinstance(event, Birth):
        _birth(tree, root, event)
    else:
        deaths.write(tree, root, event)


def _actor(tree: Tree, officer: str, unit: str) -> None:
    actor = tree.group(tree.root, "Actor")
    tree.leaf(actor, "OfficerId", officer)
    tree.leaf(actor, "Unit", unit)


def _birth(tree: Tree, root: etree._Element, birth: Birth) -> None:
    _choices(tree, tree.group(root, "Choices"), birth)
    tree.applicant(root, birth.applicant, birth.relation, birth.email)
    _child(tree, tree.group(root, "Child"), birth)
    for name, parent in (("Mother", birth.mother), ("Father", birth.father)):
        if parent is not None:
            _parent(tree, tree.group(root, name), parent)
    if birth.residence is not None and birth.head is not None:
        _household(tree, tree.group(root, "Household"), birth.residence, birth.head)
    if birth.insurance is not None:
        _insurance(tree, tree.group(root, "HealthInsurance"), birth)
    tree.attachments(root, birth.attachments)


def _choices(tree: Tree, root: etree._Element, birth: Birth) -> None:
    tree.leaf(root, "BirthKind", birth.kind)
    tree.leaf(root, "RegistrationKind", birth.registration_kind)
    tree.leaf(root, "ForeignElement", "false")
    tree.office(root, "RegistrationOffice", birth.registration)
    tree.office(root, "ResidenceOffice", birth.residence)
    tree.office(root, "InsuranceOffice", birth.insurance)
    tree.office(root, "IdentityCardOffice", birth.identity_card)
    tree.leaf(root, "Copies", 2)


def _child(tree: Tree, root: etree._Element, birth: Birth) -> None:
    if birth.name is not None:
        tree.name(root, *birth.name)
    tree.leaf(root, "Sex", birth.sex)
    tree.leaf(root, "BirthDate", birth.born.isoformat())
    tree.leaf(root, "SiblingOrder", birth.sibling)
    tree.leaf(root, "Ethnicity", birth.ethnicity)
    tree.leaf(root, "Nationality", "VN")
    tree.address(root, "BirthPlace", birth.birth_place)
    origin = birth.father or birth.mother
    tree.address(root, "NativePlace", origin.residence if origin else birth.birth_place)
    if birth.certificate is not None:
        paper = tree.group(root, "BirthCertificate")
        tree.leaf(paper, "Number", birth.certificate)
        tree.leaf(paper, "IssuedOn", birth.born.isoformat())


def _parent(tree: Tree, root: etree._Element, person: Parent) -> None:
    tree.name(root, person.family, person.middle, person.given)
    tree.leaf(root, "BirthDate", person.birth_date)
    tree.leaf(root, "PersonalNumber", person.number)
    tree.leaf(root, "Ethnicity", person.ethnicity)
    tree.leaf(root, "Nationality", "VN")
    tree.residence(root, person.residence)


def _household(tree: Tree, root: etree._Element, home: Place, head: Head) -> None:
    tree.leaf(root, "Case", head.case)
    tree.leaf(root, "HeadName", head.name)
    tree.leaf(root, "HeadPersonalNumber", head.number)
    tree.leaf(root, "RelationToHead", head.relation)
    tree.address(root, "Address", home)
    consent = tree.group(root, "Consent")
    tree.leaf(consent, "Who", "head")
    tree.leaf(consent, "Method", "vneid")
    tree.leaf(consent, "Name", head.name)
    tree.leaf(consent, "PersonalNumber", head.number)


def _insurance(tree: Tree, root: etree._Element, birth: Birth) -> None:
    tree.leaf(root, "Facility", birth.facility)
    tree.leaf(root, "GuardianOnCard", "mother" if birth.mother else "father" if birth.father else "applicant")
    tree.address(root, "ReceiptAddress", birth.applicant.residence)
