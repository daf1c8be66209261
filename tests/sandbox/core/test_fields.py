"""Errors of fields, told from errors of structure."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.core.fields import (
    FieldError,
    StructureSchema,
    missing,
    not_composed,
    structure_schema,
    wrong_file,
    wrong_place,
)
from sandbox.core.xml import parse

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="a"><xs:complexType><xs:sequence>
<xs:element name="b"><xs:simpleType><xs:restriction base="xs:token"><xs:minLength value="1"/><xs:maxLength value="3"/>
</xs:restriction></xs:simpleType></xs:element>
<xs:element name="c" minOccurs="0"><xs:simpleType><xs:restriction base="xs:token"><xs:enumeration value="x"/>
</xs:restriction></xs:simpleType></xs:element>
<xs:element name="d" type="xs:date" minOccurs="0"/>
</xs:sequence><xs:attribute name="e" use="required"><xs:simpleType><xs:restriction base="xs:token">
<xs:pattern value="[0-9]+"/></xs:restriction></xs:simpleType></xs:attribute></xs:complexType></xs:element>
</xs:schema>"""


@pytest.fixture
def schema(tmp_path: Path) -> StructureSchema:
    """A small schema with every kind of facet."""
    path = tmp_path / "a.xsd"
    path.write_text(XSD)
    return structure_schema(path)


@pytest.mark.parametrize(
    ("document", "kind", "field"),
    [
        ('<a e="1"><b>long</b></a>', "length", "b"),
        ('<a e="1"><b/></a>', "missing", "b"),
        ('<a e="1"><b>x</b><c>y</c></a>', "list", "c"),
        ('<a e="1"><b>x</b><d>2026-02-30</d></a>', "format", "d"),
        ('<a e="x"><b>x</b></a>', "format", "e"),
    ],
)
def test_values(schema: StructureSchema, document: str, kind: str, field: str) -> None:
    """A value outside its facets is an error of the field, not of the structure."""
    root = parse(document.encode())
    assert schema.errors(root) == []
    assert [(item.kind, item.field) for item in schema.field_errors(root)] == [(kind, field)]


@pytest.mark.parametrize(
    "document",
    ["<a><b>x</b></a>", '<a e="1"/>', '<a e="1"><b>x</b><f/></a>', '<a e="1" g="2"><b>x</b></a>', "<z/>"],
)
def test_structure(schema: StructureSchema, document: str) -> None:
    """Missing, unknown and misplaced elements and attributes are errors of structure."""
    root = parse(document.encode())
    assert len(schema.errors(root)) == 1
    assert schema.field_errors(root) == []


def test_a_part_is_judged_under_another_name(schema: StructureSchema) -> None:
    """An accessor is validated as the element whose type it has."""
    assert schema.errors(parse(b'<part e="1"><b>x</b></part>'), as_element="a") == []


def test_wording() -> None:
    """The observed words, with the reason behind; other kinds are the whole sentence."""
    assert FieldError("length", "b").sentence == "b có độ dài vượt quá số lượng cho phép"
    assert FieldError("list", "c", "mã 9").sentence == "c không tồn tại giá trị trong danh mục (mã 9)"
    assert FieldError("content", "c", "c sai").sentence == "c sai"


def test_decomposed_text() -> None:
    """A name in another normalisation form is found."""
    assert [item.field for item in not_composed(parse("<a><b>Thu\u0309y</b><c>Thủy</c></a>".encode()))] == [
        "b"
    ]


def test_places() -> None:
    """Unknown communes, and communes of another province."""
    assert wrong_place("x", "01", "00070") == []
    assert wrong_place("x", "", "00070") == []
    assert wrong_place("x", "48", "00070")[0].kind == "content"
    assert wrong_place("x", "01", "99999")[0].kind == "list"


def test_files() -> None:
    """Content must be base64 and have the hash that is said; it may be absent."""
    digest = sha256(b"hello").hexdigest()
    assert wrong_file("f", digest, "") == []
    assert wrong_file("f", digest, b64encode(b"hello").decode()) == []
    assert wrong_file("f", digest, b64encode(b"other").decode())[0].kind == "content"
    assert wrong_file("f", digest, "*")[0].kind == "format"


def test_missing() -> None:
    """Absent and empty children are both missing."""
    assert [item.field for item in missing(parse(b"<a><b/><c>x</c></a>"), ["b", "c", "d"])] == ["b", "d"]
