"""The value side of rules: each operator run once, each misuse told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from broker.mapping import MappingError, load, runtime
from broker.mapping.mapping import Prepared
from signing.xml import parse

MOTHER = "<Mother><Name><Family>Lê</Family><Given>Hoa</Given></Name><Phone>0912345678</Phone></Mother>"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("Mother/Phone", "0912345678"),
        ("/Mother/Phone", "0912345678"),
        ("{const: ' x '}", "x"),
        ("{from: Mother/Phone, take: {from: 2, length: 3}}", "912"),
        ("{from: Mother/Phone, take: {from: 8}}", "678"),
        ("{from: Mother/Phone, take: {before: '5'}}", "091234"),
        ("{from: Mother/Phone, cut: 4}", "0912"),
        ("{from: Score, pad: {to: 4, with: '0'}}", "0007"),
        ("{number: Score}", "7"),
        ("{from: Name/Given, upper: true}", "AN"),
        ("{from: Name/Given, lower: true}", "an"),
        ("{join: [Name/Family, Mother/Name/Middle, Name/Given], with: '-'}", "Nguyễn-An"),
        ("{first: [Mother/Name/Middle, Mother/Name/Family]}", "Lê"),
        ("{split: {join: [Name/Family, Name/Middle, Name/Given], with: ' '}, part: middle}", "Thị"),
        ("{split: {join: [Name/Family, Name/Middle, Name/Given], with: ' '}, part: family}", "Nguyễn"),
        ("{split: {join: [Name/Family, Name/Middle, Name/Given], with: ' '}, part: given}", "An"),
        ("{date: Born, part: year}", "1978"),
        ("{date: Since, part: month}", "08"),
        ("{from: Mother/Name/Middle, default: none}", "none"),
        ("{from: Name/Given, when: {equals: {Sex: '1'}}}", None),
        ("{from: Name/Given, when: {all: [{exists: Mother}, {not: {equals: {Sex: '1'}}}]}}", "An"),
        ("{cases: [{when: {equals: {Sex: '1'}}, value: {const: M}}, {value: {const: F}}]}", "F"),
        ("{count: File}", "0"),
        ("{code: Sex, table: sex}", "Nữ"),
        ("{code: {code: Sex, table: sex}, table: sex, reverse: true}", "2"),
        ("{code: Mother/Phone, table: sex, unknown: keep}", "0912345678"),
        ("{code: Mother/Phone, table: sex, unknown: {const: other}}", "other"),
        ("{from: File/Title, pick: first}", None),
    ],
)
def test_operator(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes], rule: str, expected: str | None
) -> None:
    """Each operator yields what it says; where there is nothing, nothing is written."""
    if "refuse" not in rule and rule.startswith("{"):
        rule = rule[:-1] + ", refuse: true}"
    elif not rule.startswith("{"):
        rule = f"{{from: {rule}, refuse: true}}"
    drops = {field: None for field in ("Mother/Name/Family", "Mother/Name/Middle") if field in rule}
    mapping = load(write({"ngan": rule}, drops), project)
    output = mapping.transform(document(Mother=MOTHER), on=date(2026, 3, 1))
    assert output.findtext("ngan") == expected


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{from: Code, const: x}", "exactly one operator"),
        ("{}", "exactly one operator"),
        ("{join: Code}", "join needs a list"),
        ("{const: [a]}", "const needs a text"),
        ("{param: nobody}", "there is no parameter 'nobody'"),
        ("{split: Code, part: nick}", "split needs part"),
        ("{code: Sex, table: nobody}", "the code table 'nobody' is not declared"),
        ("{code: Sex, table: sex, unknown: maybe}", "unknown must be"),
        ("{date: Since, write: xx}", "names no field"),
        ("{date: Since, part: hour}", "part must be"),
        ("{cases: [{value: Code, otherwise: x}]}", "a case needs value"),
        ("{cases: Code}", "cases needs a list"),
        ("{position: true}", "position stands outside each"),
        ("{join: [{xml: {}}]}", "stands only directly"),
        ("{from: Code, take: {from: 0}}", "take needs"),
        ("{from: Code, cut: much}", "cut needs"),
        ("{from: Code, pad: 3}", "pad needs"),
        ("{from: Code, width: 3}", "width does not go with from"),
        ("{from: Code, pick: last}", "cannot pick 'last'"),
        ("File/Title", "may be there several times"),
        ("Mother", "holds elements, not text"),
        ("Nmae/Given", "Did you mean Name/Given?"),
        ("{from: null}", "needs a source path"),
    ],
)
def test_misuse(check: Callable[..., Prepared], rule: str, told: str) -> None:
    """A rule that makes no sense is a finding that says what would."""
    assert told in "\n".join(str(finding) for finding in check({"ngan": rule}).findings)


def test_xml_inside_text(write: Callable[..., Path], project: Path, document: Callable[..., bytes]) -> None:
    """A whole document can stand inside a text, as funeral support wants it."""
    inner = "{ma: Code, hoTen: Name/Given, gioiTinh: {code: Sex, table: sex}, ngay: {date: Since, write: dd/MM/yyyy}, "
    inner += "hoChieu: {const: X}}"
    rule = f"{{xml: {{schema: target.xsd, element: hoSo, map: {inner}}}, refuse: true}}"
    output = load(write({"goi": rule}), project).transform(document(), on=date(2026, 3, 1))
    text = output.findtext("goi")
    assert text is not None
    assert etree.fromstring(text).findtext("hoTen") == "An"  # noqa: TID251 (our own output)


def test_hostile_text_inside_a_document_inside(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """What would end a section, a text or an attribute comes out of the inner document as it went in."""
    hostile = """]]> & < > " ' </hoSo><!-- <?x?> ]]>"""
    inner = (
        "{ma: Code, hoTen: {from: Note, refuse: true}, gioiTinh: {const: Nam}, ngay: {const: 01/01/2026}, "
    )
    inner += "hoChieu: {const: X}}"
    rule = f"{{xml: {{schema: target.xsd, element: hoSo, map: {inner}}}, refuse: true}}"
    source = parse(document())
    note = source.find(".//{*}Note")
    assert note is not None
    note.text = hostile
    sent = load(write({"goi": rule, "ghiChu": None}), project).run(source, on=date(2026, 3, 1))
    inside = parse((parse(sent).findtext("goi") or "").encode())
    assert inside.findtext("hoTen") == " ".join(hostile.split())


INSIDE = (
    "{ma: Code, hoTen: Name/Given, gioiTinh: {const: Nam}, ngay: {const: 01/01/2026}, hoChieu: {const: X}}"
)


def test_a_document_inside_may_be_too_long(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no parser reads as one text is refused, in words for the field."""
    rule = f"{{xml: {{schema: target.xsd, element: hoSo, map: {INSIDE}}}, refuse: true}}"
    mapping = load(write({"goi": rule}), project)
    monkeypatch.setattr(runtime, "LONGEST_TEXT", 10)
    with pytest.raises(MappingError) as refused:
        mapping.transform(document(), on=date(2026, 3, 1))
    assert [problem.check for problem in refused.value.problems] == ["goi#size"]


def test_a_document_inside_satisfies_its_own_schema(
    write: Callable[..., Path], project: Path, document: Callable[..., bytes]
) -> None:
    """The inner document is looked at before it leaves, too: a schema that changed after the proof is noticed."""
    schema = project / "xsd" / "inner.xsd"
    schema.write_bytes((project / "xsd" / "target.xsd").read_bytes())
    rule = f"{{xml: {{schema: inner.xsd, element: hoSo, map: {INSIDE}}}, refuse: true}}"
    mapping = load(write({"goi": rule}), project)
    schema.write_text(schema.read_text("utf-8").replace('name="ma"', 'name="maKhac"'), "utf-8")
    with pytest.raises(MappingError) as refused:
        mapping.transform(document(), on=date(2026, 3, 1))
    assert [problem.path for problem in refused.value.problems] == ["goi"]
