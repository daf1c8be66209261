"""The functions that stylesheets call."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from broker.mapping.checks import RuntimeCheck
from broker.mapping.codes import CodeTable, Row
from broker.mapping.runtime import Runtime, problem

TABLE = CodeTable(
    "t",
    "t.yaml",
    "",
    "test",
    (Row("1", "a"), Row("2", "b", end=date(2025, 6, 30)), Row("3", "c"), Row("3", "d")),
)


@pytest.fixture
def runtime() -> Runtime:
    """A runtime in the middle of a message."""
    made = Runtime({"t": TABLE}, {}, timedelta(hours=7))
    made.begin(date(2026, 1, 1), None)
    return made


@pytest.mark.parametrize(
    ("code", "way", "unknown", "expected"),
    [
        ("1", "forward", "refuse", "a"),
        ("a", "reverse", "refuse", "1"),
        ("", "forward", "refuse", ""),
        ("2", "forward", "keep", "2"),
        ("9", "forward", "=other", "other"),
    ],
)
def test_code(runtime: Runtime, code: str, way: str, unknown: str, expected: str) -> None:
    """Codes are translated as of the day of the message."""
    assert runtime.code(None, code, "t", way, unknown, "x") == expected
    assert runtime.problems == []


def test_unknown_code_is_noted_with_the_code(runtime: Runtime) -> None:
    """A code that ended is refused; a code is no personal datum, so it is told."""
    assert runtime.code(None, "2", "t", "forward", "refuse", "gioiTinh") == ""
    assert "t: 2" in runtime.problems[0].message_vi


@pytest.mark.parametrize("unknown", ["refuse", "keep", "=other"])
def test_a_code_with_several_meanings_is_a_question(runtime: Runtime, unknown: str) -> None:
    """T25: whatever happens to unknown codes, nothing is chosen for people; the candidates are told."""
    assert runtime.code(None, "3", "t", "forward", unknown, "danToc") == ""
    assert "cần chọn một (t: c, d)" in runtime.problems[0].message_vi


def test_dates(runtime: Runtime) -> None:
    """Dates are rewritten, parts taken, and what is no date is noted."""
    assert runtime.date(None, "1978", "iso", "dd.MM.yyyy|yyyy", "x") == "1978"
    assert runtime.part(None, "1978-05", "iso", "month", "x") == "05"
    assert runtime.part(None, "1978", "iso", "day", "x") == ""
    assert runtime.part(None, "0978-05-01", "iso", "year", "x") == "0978"
    assert (runtime.date(None, "", "iso", "iso", "x"), runtime.part(None, "", "iso", "day", "x")) == ("", "")
    assert runtime.problems == []
    runtime.date(None, "1978", "iso", "dd.MM.yyyy", "a")
    runtime.date(None, "1978-02-30", "iso", "iso", "b")
    runtime.part(None, "x", "iso", "day", "c")
    runtime.date(None, "9999-12-31T23:59:59-01:00", "iso", "iso", "d")
    assert [one.path for one in runtime.problems] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "expected"), [("007", "7"), ("-0", "0"), ("+12", "12"), ("-05", "-5"), ("000", "0"), ("", "")]
)
def test_number(runtime: Runtime, text: str, expected: str) -> None:
    """Integers in their shortest form."""
    assert runtime.number(None, text, "x") == expected


@pytest.mark.parametrize("text", ["1.5", "x", "--1", "١"])
def test_what_is_no_number(runtime: Runtime, text: str) -> None:
    """Anything else is noted."""
    assert runtime.number(None, text, "x") == ""
    assert len(runtime.problems) == 1


def test_blob_checks_the_hash(runtime: Runtime) -> None:
    """A file whose bytes are not what the hash says is as good as missing."""
    data = b"synthetic"
    digest = hashlib.sha256(data).hexdigest()
    runtime.begin(date(2026, 1, 1), lambda _: data)
    assert runtime.blob(None, digest, "x") == "c3ludGhldGlj"
    assert runtime.blob(None, "0" * 64, "x") == ""
    assert runtime.blob(None, "", "x") == ""
    assert len(runtime.problems) == 1


def test_small_functions(runtime: Runtime) -> None:
    """Joins leave out what is empty; cuts leave no blank; need insists."""
    assert runtime.join(None, " ", "a", "", "b") == "a b"
    assert runtime.cut(None, "ab cd", 3.0) == "ab"
    assert (runtime.pad(None, "7", 3.0, "0"), runtime.pad(None, "", 3.0, "0")) == ("007", "")
    assert (runtime.upper(None, "đỗ"), runtime.lower(None, "ĐỖ"), runtime.split(None, "Lê An", "given")) == (
        "ĐỖ",
        "đỗ",
        "An",
    )
    assert (runtime.need(None, "x", "y"), runtime.need(None, "", "y")) == ("x", "")
    assert runtime.problems[0].path == "y"


def test_problem_names_source_and_target() -> None:
    """The officer sees the field as declared and as sent, in both languages."""
    told = problem(RuntimeCheck("ngan", "value", ("Mother/Phone",), 3, "waived"), "ngan", "value", "13 > 10")
    assert (
        told.message_vi
        == "Trường Mother/Phone (gửi vào ngan): giá trị không hợp quy định của nơi nhận (13 > 10)."
    )
    assert told.check == "ngan#value"
    assert problem(None, "ma", "empty").check == ""
