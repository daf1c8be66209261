from __future__ import annotations

from pathlib import Path

import pytest

from broker.canonical.plan import UnknownConstruct, read_plan
from broker.canonical.schemas import Schemas

_HEAD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:lienthong:1.0" '
    'targetNamespace="urn:lienthong:1.0">'
)


def test_order_and_numbers_are_the_schemas(schemas: Schemas) -> None:
    """Children come in schema order; a reference keeps the number of its place, not of its declaration."""
    plan = schemas.elements["SubmitRequest"]
    names = [slot.options[0].name for slot in plan.slots]
    assert names == ["MessageId", "PortalCode", "Actor", "BirthDeclaration", "Signature"]
    assert [slot.minimum for slot in plan.slots] == [1, 0, 1, 1, 0]


def test_a_leaf_carries_the_facets_of_all_its_restrictions(schemas: Schemas) -> None:
    """A personal number is a token of twelve digits with two optional attributes."""
    _, mother = schemas.elements["BirthDeclaration"].places["{urn:lienthong:1.0}Mother"]
    _, number = mother.places["{urn:lienthong:1.0}PersonalNumber"]
    assert number.value is not None
    assert (number.value.name, number.value.patterns) == ("PersonalNumberValue", (r"[0-9]{12}",))
    assert [attribute.name for attribute in number.attributes] == ["source", "verified"]


def test_every_field_of_the_declaration_has_a_name_for_citizens(schemas: Schemas) -> None:
    """Every element below the declaration has a Vietnamese and an English label."""
    groups = [schemas.elements["BirthDeclaration"]]
    while groups:
        options = [option for slot in groups.pop().slots for option in slot.options]
        groups += options
        unnamed = [o.name for o in options if not (o.label.vi and o.label.en) and o.name != "Attachment"]
        assert unnamed == []


@pytest.mark.parametrize(
    "body",
    [
        '<xs:element name="A"><xs:complexType><xs:all/></xs:complexType></xs:element>',
        '<xs:element name="A"><xs:simpleType><xs:list itemType="xs:token"/></xs:simpleType></xs:element>',
        '<xs:complexType name="T"><xs:any/></xs:complexType><xs:element name="A" type="T"/>',
        "<xs:group/>",
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, body: str) -> None:
    """A construct that the hub would silently ignore stops it at load."""
    (tmp_path / "a.xsd").write_text(f"{_HEAD}{body}</xs:schema>")
    with pytest.raises(UnknownConstruct):
        read_plan(tmp_path)
