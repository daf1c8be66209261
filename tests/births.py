"""Declarations of what happens in life, and what people send after them, for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from lienthong.demo.document import Birth, Head
from lienthong.demo.parts import NS, File, Place
from tests.worlds import birth, parent, population


def at(home: Place, head: Head | None, **changes: Any) -> dict[str, Any]:
    """Every office, and the household, at ``home``."""
    offices = dict.fromkeys(("registration", "birth_place", "residence", "insurance", "identity_card"), home)
    return {**offices, "head": head, **changes}


def mother_only(number: int = 0) -> Birth:
    """A child whose father is not determined; the mother applies, and the child lives with her."""
    mother = parent(population().single_mothers()[number])
    return birth(
        kind="3",
        name=(mother.family, "Gia", "Bảo"),
        mother=mother,
        father=None,
        applicant=mother,
        ethnicity=mother.ethnicity,
        **at(mother.residence, Head(mother.full_name, mother.number)),
    )


def foundling() -> Birth:
    """An abandoned child: no parents, a guardian applies and takes the child into their household."""
    guardian = parent(population().couples()[20].wife)
    head = Head(guardian.full_name, guardian.number, relation="ward", case="with-guardian")
    return birth(
        kind="5",
        name=("Nguyễn", "Hoài", "Thương"),
        mother=None,
        father=None,
        applicant=guardian,
        relation="guardian",
        ethnicity="01",
        **at(guardian.residence, head),
    )


def two_provinces() -> Birth:
    """Registered where the mother lives, at home with the father in another province."""
    couples = population().couples()
    plain = birth()
    other = next(one for one in couples if one.husband.residence.province != plain.registration.province)
    father = parent(other.husband)
    return dataclasses.replace(
        plain,
        father=father,
        name=(father.family, "Minh", "Châu"),
        residence=father.residence,
        head=Head(father.full_name, father.number),
        insurance=father.residence,
    )


def declared_by_father(number: int = 0, **changes: Any) -> Birth:
    """A plain birth that the father declares, so that the mother is asked about on her own."""
    plain = birth(number)
    assert plain.father is not None
    return dataclasses.replace(plain, applicant=plain.father, relation="father", **changes)


def supplement(
    code: str,
    message_id: str,
    corrections: Mapping[str, str] | None = None,
    *,
    note: str | None = None,
    files: Iterable[File] = (),
) -> bytes:
    """A SupplementRequest: new values by path, a note, files by hash."""
    root = _request("SupplementRequest", message_id, code)
    if note is not None:
        _leaf(root, "Note", note)
    for field, value in (corrections or {}).items():
        correction = _leaf(root, "Correction")
        _leaf(correction, "Field", field)
        _leaf(correction, "Value", value)
    found = list(files)
    if found:
        attachments = _leaf(root, "Attachments")
        for file in found:
            item = _leaf(attachments, "Attachment")
            for name, what in zip(("Kind", "FileName", "MediaType", "Size", "SHA256"), file, strict=True):
                _leaf(item, name, str(what))
    return _bytes(root)


def withdrawal(code: str, message_id: str, reason: str = "Nộp nhầm hồ sơ") -> bytes:
    """A WithdrawRequest."""
    root = _request("WithdrawRequest", message_id, code)
    _leaf(root, "Reason", reason)
    return _bytes(root)


def report(message_id: str, **values: str) -> bytes:
    """A ReportRequest with one bare item: element name → text, in the schema's order."""
    root = _root("ReportRequest")
    _leaf(root, "MessageId", message_id)
    item = _leaf(_leaf(root, "AgencyReport"), "Item")
    for name, value in values.items():
        _leaf(item, name, value)
    return _bytes(root)


def changed(document: bytes, path: str, text: str) -> bytes:
    """The document with another text at a path of local names below its root."""
    root = etree.fromstring(document)  # noqa: TID251 - the test's own reading
    element = root.find("/".join(f"{{{NS}}}{name}" for name in path.split("/")))
    assert element is not None, path
    element.text = text
    return _bytes(root)


def _request(name: str, message_id: str, code: str) -> etree._Element:
    root = _root(name)
    _leaf(root, "MessageId", message_id)
    _leaf(root, "Code", code)
    actor = _leaf(root, "Actor")
    _leaf(actor, "OfficerId", "CB000001")
    _leaf(actor, "Unit", "H01.001")
    return root


def _root(name: str) -> etree._Element:
    nsmap: Any = {None: NS}
    return etree.Element(f"{{{NS}}}{name}", nsmap=nsmap)


def _leaf(parent_: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent_, f"{{{NS}}}{name}")
    element.text = text
    return element


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
