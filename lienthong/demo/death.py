"""A death as a declarant knows it, and the declaration that a portal makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date

from lxml import etree

from lienthong.demo.parts import File, Parent, Place, Tree, phone


@dataclasses.dataclass(frozen=True)
class Notice:
    """The paper that proves the death. ``kind`` as gbtLoai; ``code`` if a health facility issued it."""

    number: str
    issued_on: date
    issued_by: str
    kind: str = "1"
    code: str | None = None


@dataclasses.dataclass(frozen=True)
class LeftHousehold:
    """The household that the deceased leaves; ``relation``: what the deceased was to its head."""

    head_name: str
    head_number: str
    relation: str
    address: Place
    only_member: bool = False


@dataclasses.dataclass(frozen=True)
class Account:
    """Where money is transferred to; without one it is paid in cash."""

    holder: str
    number: str
    bank: str


@dataclasses.dataclass(frozen=True)
class Funeral:
    """The funeral and who receives the support for it."""

    held_on: date
    place: Place
    recipient: Parent
    relation: str
    organisation: str | None = None
    account: Account | None = None


@dataclasses.dataclass(frozen=True)
class Merit:
    """The decision by which the deceased was a person of merit."""

    kind: str
    number: str
    on: date
    by: str
    injury_rate: int | None = None


@dataclasses.dataclass(frozen=True)
class Insurance:
    """Social insurance of the deceased; ``pension`` is (number of the file, paying office)."""

    number: str
    case: str
    pension: tuple[str, Place] | None = None


@dataclasses.dataclass(frozen=True)
class Relative:
    """Somebody who may have the survivor allowance; ``relation``: what they are to the deceased."""

    person: Parent
    relation: str
    consent: str = "given-vneid"
    needs_assessment: bool = False


@dataclasses.dataclass(frozen=True)
class Survivors:
    """The survivor allowance: ``kind`` is lump-sum or monthly."""

    kind: str
    recipient: Parent
    relatives: Sequence[Relative]
    account: Account | None = None


@dataclasses.dataclass(frozen=True)
class Death:
    """Everything a declaration of a death says. An office at a place chooses its procedure.

    ``died`` may be partial (``2026-11``). Without ``notice`` the registering commune certifies the death
    itself.
    """

    deceased: Parent
    sex: str
    died: str
    death_place: Place
    registration: Place
    applicant: Parent
    relation: str
    notice: Notice | None = None
    time: str | None = None
    cause: str | None = None
    registration_kind: str = "1"
    residence: Place | None = None
    household: LeftHousehold | None = None
    insurance_funeral: Place | None = None
    merit_funeral: Place | None = None
    protection_funeral: Place | None = None
    emergency_funeral: Place | None = None
    survivor: Place | None = None
    funeral: Funeral | None = None
    merit: Merit | None = None
    insurance: Insurance | None = None
    survivors: Survivors | None = None
    email: str | None = None
    attachments: Sequence[File] = ()


def write(tree: Tree, root: etree._Element, death: Death) -> None:
    """Put the DeathDeclaration into ``root``, an element of that name."""
    _choices(tree, tree.group(root, "Choices"), death)
    tree.applicant(root, death.applicant, death.relation, death.email)
    _deceased(tree, tree.group(root, "Deceased"), death)
    _notice(tree, tree.group(root, "DeathPaper"), death.notice)
    if death.household is not None:
        _household(tree, tree.group(root, "Household"), death.household)
    if death.funeral is not None:
        _funeral(tree, tree.group(root, "Funeral"), death.funeral)
    if death.merit is not None:
        _merit(tree, tree.group(root, "Merit"), death.merit)
    if death.insurance is not None:
        _insurance(tree, tree.group(root, "Insurance"), death.insurance)
    if death.survivors is not None:
        _survivors(tree, tree.group(root, "Survivors"), death.survivors)
    tree.attachments(root, death.attachments)


def _choices(tree: Tree, root: etree._Element, death: Death) -> None:
    tree.leaf(root, "RegistrationKind", death.registration_kind)
    tree.leaf(root, "ForeignElement", False)
    tree.office(root, "RegistrationOffice", death.registration)
    tree.office(root, "ResidenceOffice", death.residence)
    tree.office(root, "InsuranceFuneralOffice", death.insurance_funeral)
    tree.office(root, "MeritFuneralOffice", death.merit_funeral)
    tree.office(root, "ProtectionFuneralOffice", death.protection_funeral)
    tree.office(root, "EmergencyFuneralOffice", death.emergency_funeral)
    tree.office(root, "SurvivorOffice", death.survivor)
    tree.leaf(root, "Copies", 2)


def _deceased(tree: Tree, root: etree._Element, death: Death) -> None:
    person = death.deceased
    tree.name(root, person.family, person.middle, person.given)
    tree.leaf(root, "Sex", death.sex)
    tree.leaf(root, "BirthDate", person.birth_date)
    tree.leaf(root, "PersonalNumber", person.number)
    tree.leaf(root, "Ethnicity", person.ethnicity)
    tree.leaf(root, "Nationality", "VN")
    tree.residence(root, person.residence)
    tree.leaf(root, "DeathDate", death.died)
    tree.leaf(root, "DeathTime", death.time)
    tree.address(root, "DeathPlace", death.death_place)
    tree.leaf(root, "Cause", death.cause)


def _notice(tree: Tree, root: etree._Element, notice: Notice | None) -> None:
    tree.leaf(root, "Kind", "0" if notice is None else notice.kind)
    if notice is not None:
        tree.leaf(root, "Code", notice.code)
        tree.leaf(root, "Number", notice.number)
        tree.leaf(root, "IssuedOn", notice.issued_on)
        tree.leaf(root, "IssuedBy", notice.issued_by)
    tree.leaf(root, "IssuedByRegistrar", notice is None)


def _household(tree: Tree, root: etree._Element, household: LeftHousehold) -> None:
    tree.leaf(root, "HeadName", household.head_name)
    tree.leaf(root, "HeadPersonalNumber", household.head_number)
    tree.leaf(root, "RelationToHead", household.relation)
    tree.leaf(root, "OnlyMember", household.only_member)
    tree.address(root, "Address", household.address)


def _funeral(tree: Tree, root: etree._Element, funeral: Funeral) -> None:
    tree.leaf(root, "HeldOn", funeral.held_on)
    tree.address(root, "Place", funeral.place)
    recipient, person = tree.group(root, "Recipient"), funeral.recipient
    tree.leaf(recipient, "Organisation", funeral.organisation)
    tree.name(recipient, person.family, person.middle, person.given)
    tree.leaf(recipient, "BirthDate", person.birth_date)
    tree.leaf(recipient, "PersonalNumber", person.number)
    tree.residence(recipient, person.residence)
    tree.leaf(recipient, "Relation", funeral.relation)
    tree.leaf(recipient, "Phone", phone(person))
    _payment(tree, root, funeral.account)


def _payment(tree: Tree, parent: etree._Element, account: Account | None) -> None:
    root = tree.group(parent, "Payment")
    tree.leaf(root, "Method", "cash" if account is None else "transfer")
    if account is not None:
        tree.leaf(root, "AccountHolder", account.holder)
        tree.leaf(root, "AccountNumber", account.number)
        tree.leaf(root, "Bank", account.bank)


def _merit(tree: Tree, root: etree._Element, merit: Merit) -> None:
    tree.leaf(root, "Kind", merit.kind)
    tree.leaf(root, "DecisionNumber", merit.number)
    tree.leaf(root, "DecisionOn", merit.on)
    tree.leaf(root, "DecisionBy", merit.by)
    tree.leaf(root, "InjuryRate", merit.injury_rate)


def _insurance(tree: Tree, root: etree._Element, insurance: Insurance) -> None:
    tree.leaf(root, "Number", insurance.number)
    tree.leaf(root, "Case", insurance.case)
    if insurance.pension is not None:
        number, office = insurance.pension
        pension = tree.group(root, "Pension")
        tree.leaf(pension, "Number", number)
        tree.office(pension, "Office", office)


def _survivors(tree: Tree, root: etree._Element, survivors: Survivors) -> None:
    tree.leaf(root, "Kind", survivors.kind)
    recipient = tree.group(root, "Recipient")
    tree.leaf(recipient, "Name", survivors.recipient.full_name)
    tree.leaf(recipient, "PersonalNumber", survivors.recipient.number)
    _payment(tree, recipient, survivors.account)
    for relative in survivors.relatives:
        item, person = tree.group(root, "Relative"), relative.person
        tree.leaf(item, "Name", person.full_name)
        tree.leaf(item, "BirthDate", person.birth_date)
        tree.leaf(item, "PersonalNumber", person.number)
        tree.leaf(item, "Relation", relative.relation)
        tree.address(item, "Address", person.residence)
        tree.leaf(item, "NeedsAssessment", relative.needs_assessment)
        tree.leaf(item, "Consent", relative.consent)
