"""A small project: two schemas as unlike as two agencies, a code table, and one mapping that passes every check."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.mapping import mapping as engine

HEAD = """\
mapping: demo
summary: a person to a dossier
valid: {from: 2025-07-01, until: null}
source: {schema: source.xsd, element: Person}
target: {schema: target.xsd, element: hoSo}
"""
RULES = {
    "ma": "Code",
    "hoTen": "{join: [Name/Family, Name/Middle, Name/Given], with: ' ', upper: true}",
    "gioiTinh": "{code: Sex, table: sex}",
    "ngay": "{date: Since, write: dd/MM/yyyy}",
    "namSinh": "{date: Born, write: [yyyyMMdd, yyyy], when: {any: [{known: {Born: day}}, "
    "{not: {known: {Born: month}}}]}}",
    "diem": "{number: Score}",
    "me": "{from: Mother, map: {ten: Name/Given, dienThoai: Phone}}",
    "soDinhDanh": "Number",
    "hoChieu": "Passport",
    "ghiChu": "{from: Note, cut: 100}",
    "tep": "{each: File, map: {'@loai': '@kind', ten: Title, duLieu: {blob: Hash}, nhan: {each: Tag, refuse: true}}}",
    "'@phienBan'": "'@version'",
}
DROPS = {
    "At": "the destination keeps its own time",
    "Mother/Name/Family": "only the given name is wanted",
    "Mother/Name/Middle": "only the given name is wanted",
}
SEX = """\
table: sex
basis: test
rows:
  - {from: "1", to: "Nam"}
  - {from: "2", to: "Nữ"}
  - {from: "3", to: "Nam"}
reverse:
  "Nam": "1"
"""

Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project with the two schemas and one code table."""
    schemas = Path(__file__).parent / "schemas"
    shutil.copytree(schemas, tmp_path / "xsd")
    codes = tmp_path / "mappings" / "codes"
    codes.mkdir(parents=True)
    (codes / "sex.yaml").write_text(SEX, encoding="utf-8")
    return tmp_path


@pytest.fixture
def write(project: Path) -> Write:
    """Writes the demo mapping: ``rules`` and ``drops`` replace or, with None, remove single lines."""

    def write_mapping(
        rules: dict[str, str | None] | None = None,
        drops: dict[str, str | None] | None = None,
        *,
        head: str = HEAD,
        more: str = "tables: [sex]\n",
        folder: str = "demo",
    ) -> Path:
        lines = {**RULES, **(rules or {})}
        left = {**DROPS, **(drops or {})}
        text = head + more + "map:\n"
        text += "".join(f"  {key}: {value}\n" for key, value in lines.items() if value is not None)
        text += "drops:\n" + "".join(
            f"  {key}: {value}\n" for key, value in left.items() if value is not None
        )
        path = project / "mappings" / folder / "mapping.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_mapping


@pytest.fixture
def check(write: Write, project: Path) -> Callable[..., engine.Prepared]:
    """Writes and checks the demo mapping."""

    def check_mapping(*args: object, **more: object) -> engine.Prepared:
        return engine.prepare(write(*args, **more), project)

    return check_mapping


@pytest.fixture
def document() -> Callable[..., bytes]:
    """A valid source document; the arguments replace the text of elements or, with None, leave them out."""

    def make(**changes: str | None) -> bytes:
        fields = {
            "Code": "<Code>A1234</Code>",
            "Name": "<Name><Family>Nguyễn</Family><Middle>Thị</Middle><Given>An</Given></Name>",
            "Sex": "<Sex>2</Sex>",
            "Born": "<Born>1978</Born>",
            "Since": "<Since>2025-08-01</Since>",
            "At": "",
            "Score": "<Score>07</Score>",
            "Mother": "",
            "Number": "<Number>001078000001</Number>",
            "Note": "<Note>ghi chú</Note>",
            "File": "",
        }
        for name, value in changes.items():
            fields[name] = "" if value is None else value if "<" in value else f"<{name}>{value}</{name}>"
        return f'<Person xmlns="urn:source" version="1">{"".join(fields.values())}</Person>'.encode()

    return make
