from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broker.canonical.explain import MOST, explain
from broker.canonical.plan import Node
from broker.canonical.schemas import Schemas
from tests.broker.canonical.samples import PROJECT, Change, add, drop, put, submit

SCHEMAS = Schemas(PROJECT)
PLAN = SCHEMAS.elements["SubmitRequest"]


def fields(*changes: Change) -> list[str | None]:
    """Where the explanation of the changed sample points to."""
    return [problem.field for problem in explain(submit(*changes), PLAN)]


def test_nothing_to_say_of_a_right_document() -> None:
    """A valid request has no problems."""
    assert fields() == []


def test_sentences_name_the_owner() -> None:
    """The mother's number is hers, in both languages."""
    (problem,) = explain(submit(put("Mother/PersonalNumber", "0011920000277")), PLAN)
    assert problem.field == "Mother/PersonalNumber"
    assert problem.vi == "Số định danh cá nhân của mẹ phải gồm đúng 12 chữ số; giá trị đã nhập có 13 chữ số."
    assert problem.en.startswith("Personal number of the mother must be exactly 12 digits")


def test_a_hundred_problems_are_enough() -> None:
    """Whoever sends masses of what is unknown does not make us look for what they may have meant."""
    root = submit()
    for _ in range(1_000):
        etree.SubElement(root, "{urn:lienthong:1.0}MessageIdd")
    assert len(explain(root, PLAN)) == MOST


def test_everything_is_told_at_once() -> None:
    """A wrong value, a missing field and an unknown one beside each other are three problems."""
    changes = [
        put("Mother/PersonalNumber", "1"),
        drop("Mother/Name/Given"),
        add("Mother", "Name", "<Telephone>1</Telephone>"),
        put("Attachments/Attachment[2]/SHA256", "zz"),
        drop("Child/BirthPlace"),
    ]
    assert fields(*changes) == [
        "Child/BirthPlace",
        "Mother/Name/Given",
        "Mother/Telephone",
        "Mother/PersonalNumber",
        "Attachments/Attachment[2]/SHA256",
    ]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (add("Mother", "Name", "<Ethnicty>01</Ethnicty>"), "Mother/Ethnicty", "Có phải là Ethnicity?"),
        (add("Child", None, "<NativePlace/>"), "Child/NativePlace/Country", "Quốc gia của quê quán"),
        (add("Applicant", "Phone", "<Paper><Kind>1</Kind></Paper>"), "Applicant/Paper", "đặt sai chỗ"),
        (add("Child", "Sex", "<Sex>1</Sex>"), "Child/Sex", "tối đa 1 lần"),
        (put("Child/NativePlace", "x"), "Child/NativePlace", "nằm ngoài các mục"),
        (put("Child/Name/Given", ""), "Child/Name/Given", "không được để trống"),
        (put("Child/Name/Given", "Nguye\u0302n"), "Child/Name/Given", "NFC"),
        (add("Child/Name/Given", None, "<b/>"), "Child/Name/Given", "chỉ được chứa chữ"),
        (add("Child", "Sex", '<x:Sex xmlns:x="urn:x">1</x:Sex>'), "Child/Sex", "không gian tên"),
        (
            add("Child/Name", None, '<Family source="guess">A</Family>'),
            "Child/Name/Family/@source",
            "một trong",
        ),
        (
            add("Child/Name", None, '<Family when="now">A</Family>'),
            "Child/Name/Family/@when",
            "không có trong",
        ),
    ],
)
def test_structure(change: Change, field: str, words: str) -> None:
    """Each way to break the structure has its place and its words."""
    problems = {problem.field: problem.vi for problem in explain(submit(change), PLAN)}
    assert words in problems[field]


def test_required_attribute_and_missing_declaration() -> None:
    """A code without its system, and a request without its declaration, are named."""
    plan = SCHEMAS.elements["StepSupplement"]
    root = submit()
    root.remove(root[-1])
    assert [problem.field for problem in explain(root, PLAN)] == ["BirthDeclaration"]
    step = '<StepSupplement xmlns="urn:lienthong:1.0"><Head><Code>1</Code></Head></StepSupplement>'
    assert "Head/Code[1]/@system" in [
        problem.field for problem in explain(SCHEMAS.parse(step.encode()), plan)
    ]


_LEAVES = [leaf for leaf in submit().iter() if len(leaf) == 0]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(_LEAVES) - 1), st.text("abz019-.:/ Nễ٣", max_size=70))
def test_the_walk_finds_whatever_the_schema_refuses(at: int, text: str) -> None:
    """No value is refused by libxml2 without an explanation, and no entered value is repeated in one."""
    root = submit()
    leaf: Node = [node for node in root.iter() if len(node) == 0][at]
    leaf.text = text
    problems = SCHEMAS.validate(root, "SubmitRequest")
    explained = explain(root, PLAN)
    assert bool(problems) == bool(explained)
    secret = text.strip()
    assert not any(secret in problem.vi for problem in explained if len(secret) > 30)
