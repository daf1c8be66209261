"""One planted fault per check; and what is left for run time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.mapping.mapping import Prepared

Check = Callable[..., Prepared]

FAULTS = [
    # the line changed, what the finding must say
    ({"ngan": "Mother/Phone", "me": None}, {"Mother/Name/Given": "unused"}, "may get 'aaaaaaaaaaa'"),
    ({"hoTen": "Mother/Name/Given"}, {}, "hoTen: has no value, in a document in which"),
    ({"ma": None}, {"Code": "test"}, "ma: has no rule"),
    ({"ma": "Name/Given"}, {"Code": "test"}, "ma: may get 'a'"),
    ({"gioiTinh": "Sex"}, {}, "gioiTinh: may get '1'"),
    ({"ngay": "{date: Born, write: dd/MM/yyyy, default: 01/01/1900}"}, {"Since": "unused"}, "may be partial"),
    ({"namSinh": "Born"}, {}, "namSinh: may get '1911-11"),
    ({"diem": "{from: Number, default: '1'}"}, {"Score": "unused"}, "diem: may get '111111111111'"),
    ({"hoChieu": "{const: X}"}, {"Passport": "unused"}, "can be written beside soDinhDanh"),
    (
        {"hoChieu": None},
        {"Passport": "unused"},
        "is part of a choice (soDinhDanh, hoChieu) of which none is written",
    ),
    ({"me": "{map: {dienThoai: Mother/Phone}}"}, {"Mother/Name/Given": "unused"}, "me/ten: has no rule"),
    ({"me/ten": "Mother/Phone", "me/dienThoai": "Mother/Name/Given", "me": None}, {}, "me/ten: has no value"),
    (
        {"tep": "{each: File, map: {ten: Title}}"},
        {"File/@kind": "unused", "File/Hash": "unused", "File/Tag": "unused"},
        "@loai: has no rule",
    ),
    (
        {"tep/nhan": "{each: File/Tag}", "tep": None},
        {"File/@kind": "unused", "File/Title": "unused", "File/Hash": "unused"},
        "tep/ten: has no rule",
    ),
    (
        {"ghiChu": "{each: File, value: Title}"},
        {"Note": "unused"},
        "ghiChu: the source may have 3, the target takes 1",
    ),
    ({"namSinh": "{date: Born, part: month}"}, {}, "namSinh: may get '01'"),
]


@pytest.mark.parametrize(("rules", "drops", "told"), FAULTS, ids=[told for _, _, told in FAULTS])
def test_fault_is_found(check: Check, rules: dict[str, str | None], drops: dict[str, str], told: str) -> None:
    """A planted fault gives a finding with file, line, field and remedy."""
    found = [finding for finding in check(rules, drops).findings if finding.severity == "error"]
    assert any(told in f"{finding.field}: {finding.message}" for finding in found), [str(f) for f in found]
    assert all(f.file == "mappings/demo/mapping.yaml" and f.line > 1 and f.remedy for f in found)


def test_table_must_be_total(check: Check, project: Path) -> None:
    """A code of the source list without a row is named."""
    table = project / "mappings" / "codes" / "sex.yaml"
    table.write_text(
        table.read_text(encoding="utf-8").replace('  - {from: "3", to: "Nam"}\n', ""), encoding="utf-8"
    )
    assert any("no single translation of 3" in finding.message for finding in check().findings)


def test_table_must_be_total_on_every_day(check: Check, project: Path) -> None:
    """A row that ends while the mapping is still valid is as good as missing."""
    table = project / "mappings" / "codes" / "sex.yaml"
    rows = table.read_text(encoding="utf-8").replace('to: "Nữ"}', 'to: "Nữ", valid_until: 2026-12-31}')
    table.write_text(rows, encoding="utf-8")
    assert any("no single translation of 2" in finding.message for finding in check().findings)


def test_open_source_needs_a_policy(check: Check) -> None:
    """A source that is no closed list can meet a code outside any table: the author decides what then."""
    rule = "{code: {first: [Mother/Phone, {const: '1'}]}, table: sex}"
    assert any(
        "not a closed list" in f.message
        for f in check({"gioiTinh": rule, "me": None}, {"Mother": "unused"}).findings
    )
    rule = rule.replace("table: sex", "table: sex, unknown: refuse")
    assert "gioiTinh#code" in check({"gioiTinh": rule}, {"Sex": "unused"}).checks


@pytest.mark.parametrize("unknown", ["refuse", "keep"])
def test_a_code_with_candidates_is_checked_at_run_time(check: Check, project: Path, unknown: str) -> None:
    """Such a row does not make the table total; with any policy the question is announced."""
    table = project / "mappings" / "codes" / "sex.yaml"
    rows = table.read_text(encoding="utf-8").replace('{from: "3", to: "Nam"}', '{from: "3", to: [Nam, Nữ]}')
    table.write_text(rows, encoding="utf-8")
    assert any("no single translation of 3" in finding.message for finding in check().findings)
    prepared = check({"gioiTinh": f"{{code: Sex, table: sex, unknown: {unknown}, refuse: true}}"})
    assert "gioiTinh#choice" in prepared.checks


def test_superfluous_policy_is_a_warning(check: Check) -> None:
    """A policy for unknown codes where none can come is only noise."""
    found = check({"gioiTinh": "{code: Sex, table: sex, unknown: refuse}"}).findings
    assert [(f.severity, f.message) for f in found] == [("warning", "sex has every code")]


def test_condition_guards_the_fields_it_implies(check: Check) -> None:
    """What is required under the mother is there wherever the mother is."""
    prepared = check(
        {"me": "{when: {exists: Mother}, map: {ten: Mother/Name/Given, dienThoai: Mother/Phone}}"}
    )
    assert prepared.findings == ()


def test_first_of_covers_a_choice(check: Check) -> None:
    """One of the branches of a required choice is always there: that is enough for a required target."""
    rules = {"hoTen": "{first: [Number, Passport]}", "soDinhDanh": None, "hoChieu": "{const: X}"}
    assert check(rules, {"Name": "unused"}).findings == ()


def test_equals_reasons_over_the_whole_list(check: Check) -> None:
    """Cases that name every value of a list need no last resort."""
    first = "{when: {equals: {Sex: ['1', '3']}}, value: {const: Nam}}"
    cases = f"[{first}, {{when: {{equals: {{Sex: '2'}}}}, value: {{const: Nữ}}}}]"
    assert check({"gioiTinh": f"{{cases: {cases}}}"}, more="").findings == ()
    missing = cases.replace("['1', '3']", "'1'")
    assert any(
        "Sex is filled" in f.message for f in check({"gioiTinh": f"{{cases: {missing}}}"}, more="").findings
    )


def test_empty_text_becomes_a_runtime_check(check: Check) -> None:
    """A required source that may be empty feeds a required target: decided when the document comes."""
    prepared = check({"hoTen": "{from: Note, cut: 100}", "ghiChu": None}, {"Name": "unused"})
    assert prepared.findings == ()
    assert "hoTen#empty" in prepared.checks


def test_refuse_turns_a_misfit_into_a_runtime_check(check: Check) -> None:
    """With refuse, a document that does not fit is refused; the check is declared and says what feeds it."""
    prepared = check({"ngan": "{from: Name/Given, refuse: true}"})
    assert prepared.findings == ()
    assert prepared.checks["ngan#value"].sources == ("Name/Given",)


def test_embedded_document_is_checked_too(check: Check) -> None:
    """XML inside a text has its own schema and its own proof."""
    inner = "{schema: target.xsd, element: hoSo, map: {ma: Name/Given}}"
    found = [str(finding) for finding in check({"goi": f"{{xml: {inner}}}"}).findings]
    assert any("ma: may get 'a'" in text for text in found)
    assert any("hoTen: has no rule" in text for text in found)


def test_idle_refuse_is_a_warning(check: Check) -> None:
    """A waiver that waives nothing would only hide the next fault."""
    found = check({"ma": "{from: Code, refuse: true}"}).findings
    assert [(f.severity, f.field, f.message) for f in found] == [
        ("warning", "ma", "refuse waives nothing: every document fits")
    ]
