"""Schema validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.core.schema import Schema, schema
from sandbox.core.xml import parse

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x" elementFormDefault="qualified">
  <xs:element name="a"><xs:complexType><xs:sequence>
    <xs:element name="b" type="xs:int"/><xs:element name="c" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


@pytest.fixture
def made(tmp_path: Path) -> Schema:
    """A small schema."""
    (tmp_path / "x.xsd").write_text(XSD)
    return schema(tmp_path / "x.xsd")


def test_valid_document_has_no_errors(made: Schema) -> None:
    """Nothing to say."""
    assert made.errors(parse(b'<a xmlns="urn:x"><b>1</b></a>')) == []


@pytest.mark.parametrize(
    "content", [b"<b>x</b>", b"<c>1</c><b>1</b>", b"<b>1</b><d/>", b"", b"<b>1</b><b>1</b>"]
)
def test_invalid_document_is_described(made: Schema, content: bytes) -> None:
    """Wrong value, order, name, count: the path and the reason."""
    (first, *_) = made.errors(parse(b'<a xmlns="urn:x">' + content + b"</a>"))
    assert first.startswith("/")


def test_element_under_another_name(made: Schema) -> None:
    """An rpc part is validated as the global element whose type it has."""
    part = parse(b'<wrapper xmlns:x="urn:x"><part><x:b>1</x:b></part></wrapper>')[0]
    assert made.errors(part, as_element="{urn:x}a") == []
    assert made.errors(part) != []
