from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.canonical.document import read
from broker.canonical.jsonform import JsonForm, parse_json
from broker.canonical.schemas import Schemas
from broker.errors import Invalid
from signing.xml import canonicalize
from tests.broker.canonical.generated import documents
from tests.broker.canonical.samples import PROJECT, SUBMIT

SCHEMAS = Schemas(PROJECT)
FORM = JsonForm(SCHEMAS.elements)


def sample() -> dict[str, Any]:
    """The sample request as a JSON value."""
    value: dict[str, Any] = json.loads(FORM.to_json(SUBMIT))
    return value


def problems_of(value: Any) -> dict[str | None, str]:
    """Where the problems of a JSON request are, and what they are in English."""
    with pytest.raises(Invalid) as caught:
        FORM.from_json(json.dumps(value).encode(), "SubmitRequest")
    return {problem.field: problem.en for problem in caught.value.problems}


def test_the_form() -> None:
    """Names, arrays, numbers, truth values and provenance are where a caller expects them."""
    declaration = sample()["BirthDeclaration"]
    assert declaration["Mother"]["Name"]["Given"] == "Mai"
    assert declaration["Mother"]["PersonalNumber"] == {"value": "001192000027", "verified": "match"}
    assert declaration["Choices"]["ForeignElement"] is False
    assert declaration["Choices"]["Copies"] == 2
    assert [paper["Size"] for paper in declaration["Attachments"]["Attachment"]] == [1024, 2048]


@pytest.mark.parametrize(
    "root", ["SubmitRequest", "StatusResponse", "ReportRequest", "BirthStep", "StateReport"]
)
def test_nothing_is_lost_there_and_back(root: str) -> None:
    """XML to JSON to XML gives the same canonical document, whatever valid document it was."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents(SCHEMAS.elements[root]))
    def there_and_back(node: Any) -> None:
        assert SCHEMAS.compiled.validate(node)
        text = FORM.to_json(node)
        again = FORM.from_json(text, root)
        assert canonicalize(read(again)) == canonicalize(node)
        assert FORM.to_json(again) == text

    there_and_back()


def test_a_signature_travels_as_xml_in_a_string() -> None:
    """What JSON cannot express stays what it is."""
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:A/><ds:B/></ds:Signature>'
    signed = SUBMIT.replace(b"</SubmitRequest>", signature + b"</SubmitRequest>")
    value = json.loads(FORM.to_json(signed))
    assert value["Signature"].startswith("<ds:Signature")
    again = read(FORM.from_json(FORM.to_json(signed), "SubmitRequest"))
    assert canonicalize(again[-1]) == signature.replace(b"<ds:A/><ds:B/>", b"<ds:A></ds:A><ds:B></ds:B>")


def test_order_of_members_does_not_matter() -> None:
    """Members may come in any order: the XML has the schema's order."""
    backwards = dict(reversed(sample().items()))
    assert (
        SCHEMAS.validate(FORM.from_json(json.dumps(backwards).encode(), "SubmitRequest"), "SubmitRequest")
        == []
    )


def test_null_is_absence() -> None:
    """A member that is null is a member that is not there."""
    value = sample()
    value["PortalCode"] = None
    assert b"PortalCode" not in FORM.from_json(json.dumps(value).encode(), "SubmitRequest")


@pytest.mark.parametrize(
    ("path", "new", "pointer", "words"),
    [
        (["Messageid"], "x", "/Messageid", "Did you mean MessageId?"),
        (["a/b~c"], "x", "/a~1b~0c", "not in the schema"),
        (["Actor"], "x", "/Actor", "an object, not a string"),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            5,
            "/BirthDeclaration/Mother/Name/Given",
            "a string, not a number",
        ),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            {"value": 5},
            "/BirthDeclaration/Mother/Name/Given/value",
            "a string",
        ),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            {"source": "typed"},
            "/BirthDeclaration/Mother/Name/Given/value",
            "not null",
        ),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            {"value": "A", "source": 1},
            "/BirthDeclaration/Mother/Name/Given/source",
            "a string",
        ),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            "A\u0000",
            "/BirthDeclaration/Mother/Name/Given",
            "XML cannot carry",
        ),
        (
            ["BirthDeclaration", "Mother", "Name", "Given"],
            "\ud800",
            "/BirthDeclaration/Mother/Name/Given",
            "XML cannot carry",
        ),
        (
            ["BirthDeclaration", "Choices", "Copies"],
            "2",
            "/BirthDeclaration/Choices/Copies",
            "a number, not a string",
        ),
        (
            ["BirthDeclaration", "Choices", "Copies"],
            True,
            "/BirthDeclaration/Choices/Copies",
            "a number, not a boolean",
        ),
        (["BirthDeclaration", "Choices", "Copies"], 1.5, "/BirthDeclaration/Choices/Copies", "a number"),
        (
            ["BirthDeclaration", "Choices", "ForeignElement"],
            "no",
            "/BirthDeclaration/Choices/ForeignElement",
            "a boolean",
        ),
        (
            ["BirthDeclaration", "Attachments", "Attachment"],
            {},
            "/BirthDeclaration/Attachments/Attachment",
            "an array",
        ),
        (
            ["BirthDeclaration", "Attachments", "Attachment", 1],
            [],
            "/BirthDeclaration/Attachments/Attachment/1",
            "an object",
        ),
        (["Signature"], "<a/>", "/Signature", "ds:Signature"),
        (["Signature"], "<a", "/Signature", "ds:Signature"),
        (["Signature"], 1, "/Signature", "a string"),
    ],
)
def test_problems_have_a_json_pointer(path: list[Any], new: Any, pointer: str, words: str) -> None:
    """Unknown members and wrong types are named where they are, with what was expected."""
    value = at = sample()
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = new
    assert words in problems_of(value)[pointer]


def test_all_problems_at_once() -> None:
    """One answer names every wrong member."""
    assert set(problems_of({"x": 1, "MessageId": 1, "Actor": []})) == {"/x", "/MessageId", "/Actor"}


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a":1,"a":2}', b"[NaN]", b"\xff", b"[" * 100_000, b"1" * 5_000, b"{}x"]
)
def test_text_that_is_not_json(text: bytes) -> None:
    """Bad JSON is a problem of the message, never a crash."""
    with pytest.raises(Invalid) as caught:
        parse_json(text)
    assert "JSON" in caught.value.problems[0].vi


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_is_converted_or_explained(value: Any) -> None:
    """Whatever JSON comes, the outcome is a document or problems."""
    text = json.dumps({"BirthDeclaration": value, "Actor": value}).encode()
    try:
        document = FORM.from_json(text, "SubmitRequest")
    except Invalid as error:
        outcome: object = error.problems
    else:
        outcome = read(document).tag == "{urn:lienthong:1.0}SubmitRequest"
    assert outcome
