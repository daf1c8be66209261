"""Schemas as trees of fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.mapping.schema import Field, SchemaFault, fields_of, load, occurrences, root, unconditional

FOLDER = Path(__file__).parent / "schemas"


@pytest.fixture
def person() -> Field:
    """The document element of the source schema."""
    return root(FOLDER / "source.xsd", FOLDER, "Person")


def test_paths_and_leaves(person: Field) -> None:
    """Fields are found by local names; attributes have an @."""
    paths = [leaf.path for leaf in person.leaves()]
    assert paths[:3] == ["@version", "Code", "Name/Family"]
    assert {"File/@kind", "File/Tag"} <= set(paths)
    assert person.find("Mother/Name/Given") is not None
    assert person.find("Mother/Nope") is None
    assert person.find(".") is person


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Code", (1, 1)),
        ("Mother/Name/Given", (0, 1)),
        ("File", (0, 3)),
        ("File/Tag", (0, None)),
        ("Number", (0, 1)),
    ],
)
def test_occurrences(person: Field, path: str, expected: tuple[int, int | None]) -> None:
    """Occurrences multiply along the way; a branch of a choice may be absent."""
    field = person.find(path)
    assert field is not None
    assert occurrences(field, person) == expected


def test_unconditional(person: Field) -> None:
    """Only what the schema demands without choice is unconditional."""
    told = {name: unconditional(field) for name, field in person.children.items()}
    assert told["Code"]
    assert not told["Number"]
    assert not told["Mother"]
    assert not told["@version"]


def test_facets(person: Field) -> None:
    """Text fields know their values; structures have none."""
    sex, mother, note = (person.children[name] for name in ("Sex", "Mother", "Note"))
    assert sex.space is not None
    assert sex.space[0].words == {"1", "2", "3"}
    assert mother.space is None
    assert note.may_be_empty
    assert (sex.blanks, note.blanks) == ("collapse", "preserve")


def test_recursion_ends(tmp_path: Path) -> None:
    """A type that contains itself is not followed a second time."""
    (tmp_path / "r.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:complexType name="T"><xs:sequence>'
        '<xs:element name="a" type="xs:string"/><xs:element name="t" type="T" minOccurs="0"/></xs:sequence>'
        '</xs:complexType><xs:element name="r" type="T"/></xs:schema>',
        encoding="utf-8",
    )
    assert [leaf.path for leaf in root(tmp_path / "r.xsd", tmp_path, "r").leaves()] == ["a"]


def test_labels_come_from_the_documentation(tmp_path: Path) -> None:
    """A field is called what its annotation says, in each language; else by its name."""
    (tmp_path / "l.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="r" type="xs:string"><xs:annotation>'
        '<xs:documentation xml:lang="vi">Họ tên</xs:documentation></xs:annotation></xs:element></xs:schema>',
        encoding="utf-8",
    )
    field = root(tmp_path / "l.xsd", tmp_path, "r")
    assert (field.label("vi"), field.label("en")) == ("Họ tên", "r")


def test_faults() -> None:
    """An unknown element is answered with the known ones; an unreadable file is a fault of ours, not of the library."""
    with pytest.raises(SchemaFault, match="it has Person"):
        root(FOLDER / "source.xsd", FOLDER, "Nobody")
    with pytest.raises(SchemaFault):
        load(FOLDER / "absent.xsd", FOLDER)


def test_groups_keep_order(person: Field) -> None:
    """The content model gives elements in document order, choices flattened."""
    assert person.content is not None
    names = [field.name for field in fields_of(person.content)]
    assert names[names.index("Number") : names.index("Note") + 1] == ["Number", "Passport", "Note"]
