"""What every declaration is written with: a tree in document order, people, places, files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from lxml import etree

NS = "urn:lienthong:1.0"

File = tuple[str, str, str, int, str]
"""An attachment: kind, file name, media type, size in bytes, SHA-256."""


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


class Tree:
    """Appends elements in document order; a value of None leaves the element out."""

    def __init__(self, name: str) -> None:
        """A document with the root ``name``."""
        self.root = etree.Element(f"{{{NS}}}{name}", nsmap={None: NS})  # type: ignore[dict-item]  # lxml means the default namespace by None

    def group(self, parent: etree._Element, name: str) -> etree._Element:
        """A new element that will hold others."""
        return etree.SubElement(parent, f"{{{NS}}}{name}")

    def leaf(self, parent: etree._Element, name: str, value: object | None, **attributes: str) -> None:
        """A new element with text; booleans as XML Schema writes them."""
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            etree.SubElement(parent, f"{{{NS}}}{name}", attributes).text = text

    def office(self, parent: etree._Element, name: str, place: Place | None) -> None:
        """A chosen office at ``place``, whose result comes electronically."""
        if place is not None:
            office = self.group(parent, name)
            self.leaf(office, "Province", place.province)
            self.leaf(office, "Commune", place.commune)
            self.leaf(office, "ResultDelivery", "electronic")

    def name(self, parent: etree._Element, family: str | None, middle: str | None, given: str) -> None:
        """A name in its parts."""
        name = self.group(parent, "Name")
        self.leaf(name, "Family", family)
        self.leaf(name, "Middle", middle)
        self.leaf(name, "Given", given)

    def address(self, parent: etree._Element, name: str, place: Place) -> None:
        """A place in Vietnam."""
        address = self.group(parent, name)
        self.leaf(address, "Country", "VN")
        self.leaf(address, "Province", place.province)
        self.leaf(address, "Commune", place.commune)
        self.leaf(address, "Detail", place.detail)

    def residence(self, parent: etree._Element, place: Place) -> None:
        """A permanent residence, with its kind."""
        self.leaf(parent, "ResidenceKind", "permanent")
        self.address(parent, "Residence", place)

    def applicant(
        self, parent: etree._Element, person: Parent, relation: str, email: str | None = None
    ) -> None:
        """Whoever declares, as their account knows them; ``email`` if they want to be told by mail."""
        applicant = self.group(parent, "Applicant")
        self.name(applicant, person.family, person.middle, person.given)
        self.leaf(applicant, "BirthDate", person.birth_date, source="account")
        self.leaf(applicant, "PersonalNumber", person.number, source="account")
        self.residence(applicant, person.residence)
        self.leaf(applicant, "Relation", relation)
        self.leaf(applicant, "Phone", phone(person))
        self.leaf(applicant, "Email", email)

    def attachments(self, parent: etree._Element, files: Sequence[File]) -> None:
        """The files by their hashes; nothing if there are none."""
        if not files:
            return
        attachments = self.group(parent, "Attachments")
        for kind, file_name, media_type, size, sha256 in files:
            item = self.group(attachments, "Attachment")
            self.leaf(item, "Kind", kind)
            self.leaf(item, "FileName", file_name)
            self.leaf(item, "MediaType", media_type)
            self.leaf(item, "Size", size)
            self.leaf(item, "SHA256", sha256)


def phone(person: Parent) -> str:
    """A telephone number that nobody else has."""
    return "0" + person.number[-9:]
