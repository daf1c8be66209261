"""Schemas come from one folder, whole or not at all, and speak of problems without personal data."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from adapters.schemas import ContractError, Folder, assemble, schema_of
from signing.xml import parse

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns="urn:t">'
NAME = """<xs:element name="name"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="5"/>
  <xs:pattern value="[A-Z ]*"/></xs:restriction></xs:simpleType></xs:element>"""


def folder(path: Path, **files: str) -> Folder:
    """A contracts folder with the given schema bodies."""
    for name, body in files.items():
        (path / f"{name}.xsd").write_text(f"{HEAD}{body}</xs:schema>", "utf-8")
    return Folder(path)


@pytest.mark.parametrize("name", ["../secret.xsd", "/etc/hostname", "a/../../secret.xsd"])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    """Whatever a setting says."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.xsd").write_text("x")
    with pytest.raises(ContractError, match="folder"):
        Folder(tmp_path / "inner").read(name)


def test_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    """A symbolic link is judged by where it leads."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.xsd").write_text("x")
    (tmp_path / "inner" / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    with pytest.raises(ContractError, match="folder"):
        Folder(tmp_path / "inner").read("link.xsd")


@pytest.mark.parametrize("value", ["Nguyễn", "it's 'x' is not", "ABCDEFG", "a' has b"])
def test_problem_holds_no_value(tmp_path: Path, value: str) -> None:
    """Place and rule, but not what the citizen wrote."""
    schema = schema_of(folder(tmp_path, t=NAME), "t.xsd")
    problems = schema.problems(parse(f'<name xmlns="urn:t">{value}</name>'.encode()))
    assert problems
    assert all(value not in problem and "{urn:t}name" in problem for problem in problems)


def test_valid_document_has_no_problems(tmp_path: Path) -> None:
    """Nothing to say."""
    assert (
        schema_of(folder(tmp_path, t=NAME), "t.xsd").problems(parse(b'<name xmlns="urn:t">ABC</name>')) == ()
    )


def test_two_files_of_one_namespace_are_both_read(tmp_path: Path) -> None:
    """libxml2 alone would read the first and ignore the second."""
    schema = schema_of(
        folder(tmp_path, t=NAME, u='<xs:element name="other" type="xs:int"/>'), "t.xsd", "u.xsd"
    )
    assert schema.problems(parse(b'<other xmlns="urn:t">1</other>')) == ()
    assert set(schema.files) == {"t.xsd", "u.xsd"}


def test_import_that_would_be_skipped_is_refused(tmp_path: Path) -> None:
    """Two files that stand for one imported namespace: the second would silently not count."""
    place = folder(tmp_path, t=NAME, u='<xs:element name="other" type="xs:int"/>')
    driver = HEAD.replace("urn:t", "urn:d")
    for number, target in enumerate("tu"):
        body = f'<xs:import namespace="urn:t" schemaLocation="{target}.xsd"/></xs:schema>'
        (tmp_path / f"d{number}.xsd").write_text(driver + body)
    with pytest.raises(ContractError, match="would be ignored"):
        schema_of(place, "d0.xsd", "d1.xsd")


@pytest.mark.parametrize("location", ["gone.xsd", "http://evil.example/x.xsd", "../../x.xsd"])
def test_import_that_cannot_be_read_is_refused(tmp_path: Path, location: str) -> None:
    """Nothing is fetched, nothing is skipped."""
    place = folder(tmp_path, t=f'<xs:include schemaLocation="{location}"/>')
    with pytest.raises(ContractError, match=r"cannot be read|outside|folder"):
        schema_of(place, "t.xsd")


def test_document_type_in_a_schema_is_refused(tmp_path: Path) -> None:
    """Contracts are read by the hardened parser too."""
    (tmp_path / "t.xsd").write_text("<!DOCTYPE x><x/>")
    with pytest.raises(ContractError, match="DOCTYPE"):
        schema_of(Folder(tmp_path), "t.xsd")


def test_elements_of_rpc_parts(tmp_path: Path) -> None:
    """Parts get elements without namespace, of a type from the contract or from XML Schema itself."""
    place = folder(tmp_path, t='<xs:simpleType name="T"><xs:restriction base="xs:int"/></xs:simpleType>')
    types = {"a": "{urn:t}T", "b": "{http://www.w3.org/2001/XMLSchema}date"}
    schema = assemble(place, [("urn:t", "t.xsd")], elements=types)
    assert schema.problems(parse(b"<a>1</a>")) == ()
    assert schema.problems(parse(b"<b>1</b>"))


def test_each_thread_reports_its_own_problems(tmp_path: Path) -> None:
    """A citizen's error never shows up in another's: the log of a shared schema would mix them."""
    schema = schema_of(folder(tmp_path, t=NAME), "t.xsd")
    wrong: list[str] = []

    def validate(lines: int) -> None:
        document = parse(b"\n" * lines + b'<name xmlns="urn:t">abc</name>')
        for _ in range(200):
            wrong.extend(p for p in schema.problems(document) if not p.startswith(f"line {lines + 1}:"))

    threads = [threading.Thread(target=validate, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
