from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from broker.canonical.document import read, text_at
from broker.canonical.jsonform import JsonForm
from broker.errors import HubError, NotNow, TooMany
from broker.web.examples import DOCUMENTS
from tests.broker.web.fakes import CODE, FakeHub
from tests.broker.web.serving import SMALL, Caller, Heard

XML = {"Content_Type": "application/xml"}
JSON = {"Content_Type": "application/json"}
SUBMIT = DOCUMENTS["SubmitRequest"].encode()
PDF = b"%PDF-1.7 synthetic"
SHA256 = hashlib.sha256(PDF).hexdigest()


def submit_json(hub: FakeHub) -> dict[str, Any]:
    """The example request as a JSON value."""
    value: dict[str, Any] = json.loads(JsonForm(hub.schemas.elements).to_json(SUBMIT))
    return value


def fields_of(heard: Heard) -> list[str | None]:
    """Where the problems in a JSON answer are."""
    return [problem.get("Field") for problem in heard.json()["Problem"]]


def test_submit_xml(call: Caller, hub: FakeHub) -> None:
    """A new declaration is accepted with its code and address; the answer has the form of the request."""
    heard = call("POST", "/api/v1/dossiers", SUBMIT, **XML)
    assert heard.status == 202
    assert heard.headers["location"] == f"/api/v1/dossiers/{CODE}"
    assert text_at(read(heard.body), "DossierCode") == CODE


def test_submit_json_and_again(call: Caller, hub: FakeHub) -> None:
    """The same in JSON; sent again it gives the first answer, marked as such, with 200."""
    body = json.dumps(submit_json(hub)).encode()
    assert call("POST", "/api/v1/dossiers", body, **JSON).json()["Duplicate"] is False
    again = call("POST", "/api/v1/dossiers", body, **JSON)
    assert (again.status, again.json()["Duplicate"]) == (200, True)


def test_the_same_id_with_other_content(call: Caller, hub: FakeHub) -> None:
    """A message id means one message: other content under it is a conflict."""
    call("POST", "/api/v1/dossiers", SUBMIT, **XML)
    other = SUBMIT.replace("Hòa".encode(), "Bình".encode())
    heard = call("POST", "/api/v1/dossiers", other, **XML, Accept="application/json")
    assert (heard.status, heard.json()["Reason"], fields_of(heard)) == (409, "conflict", ["MessageId"])


def test_problems_name_fields_in_the_form_asked_for(call: Caller, hub: FakeHub) -> None:
    """A wrong field is told in JSON or XML, by its path, in Vietnamese and English."""
    wrong = SUBMIT.replace(b">001192000027<", b">0011920000277<")
    heard = call("POST", "/api/v1/dossiers", wrong, **XML, Accept="application/json")
    assert (heard.status, fields_of(heard)) == (422, ["Mother/PersonalNumber"])
    assert heard.json()["Problem"][0]["Vi"].startswith("Số định danh cá nhân của mẹ")
    heard = call("POST", "/api/v1/dossiers", wrong, **XML)
    assert text_at(read(heard.body), "Problem/Field") == "Mother/PersonalNumber"


def test_json_that_is_not_the_contract_is_recorded(call: Caller, hub: FakeHub) -> None:
    """A request that never becomes a document is refused by JSON pointer, and does not vanish."""
    body = json.dumps({**submit_json(hub), "Mesage": 1}).encode()
    heard = call("POST", "/api/v1/dossiers", body, **JSON)
    assert (heard.status, fields_of(heard)) == (422, ["/Mesage"])
    assert hub.refusals == [("dvcqg", "SubmitRequest", body, "invalid")]


def test_status(call: Caller, hub: FakeHub) -> None:
    """A dossier is found by its code in either form; others' and unknown ones are not told apart."""
    path = f"/api/v1/dossiers/{CODE}"
    assert call("GET", path).json()["State"] == "processing"
    assert text_at(read(call("GET", path, Accept="text/xml").body), "State") == "processing"
    assert call("GET", path, key="other").status == 404
    assert call("GET", "/api/v1/dossiers/X").status == 404
    assert call("GET", "/api/v1/dossiers/a%00b").status == 404


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("SupplementRequest", "supplements"),
        ("WithdrawRequest", "withdrawal"),
        ("ConsentRequest", "consents"),
        ("ResumeRequest", "resumption"),
        ("HandoverRequest", "handover"),
    ],
)
def test_later_requests(call: Caller, hub: FakeHub, name: str, path: str) -> None:
    """Each is taken in under the dossier's address, in XML and in JSON, where the code may be left out."""
    document = DOCUMENTS[name].encode()
    address = f"/api/v1/dossiers/{CODE}/{path}"
    assert call("POST", address, document, **XML).status == 202
    value = json.loads(JsonForm(hub.schemas.elements).to_json(document))
    value["MessageId"] = "dvcqg-another-1"
    del value["Code"]
    assert call("POST", address, json.dumps(value).encode(), **JSON).status == 202


def test_address_and_document_must_agree(call: Caller, hub: FakeHub) -> None:
    """A withdrawal of one dossier under the address of another is a mistake, not a guess."""
    document = DOCUMENTS["WithdrawRequest"].encode()
    heard = call(
        "POST", "/api/v1/dossiers/H21-260915-0001/withdrawal", document, **XML, Accept="application/json"
    )
    assert (heard.status, fields_of(heard)) == (422, ["Code"])
    assert call("POST", f"/api/v1/dossiers/{CODE}/withdrawal", b"<a", **XML).status == 422


def test_report(call: Caller, hub: FakeHub) -> None:
    """An agency reports; a caller without the right is told so."""
    document = DOCUMENTS["ReportRequest"].encode()
    heard = call("POST", "/api/v1/reports", document, **XML)
    assert heard.status == 202
    assert "location" not in heard.headers
    assert call("POST", "/api/v1/reports", document, key="other", **XML).status == 403


def test_attachments(call: Caller, hub: FakeHub) -> None:
    """A file is kept once under its hash; what is known of it can be asked."""
    path = f"/api/v1/attachments/{SHA256}"
    assert call("GET", path).status == 404
    assert call("PUT", path, PDF, Content_Type="application/pdf").status == 201
    assert call("PUT", path, PDF, Content_Type="application/pdf").status == 200
    assert call("GET", path).json() == {"SHA256": SHA256, "Size": len(PDF), "MediaType": "application/pdf"}
    assert call("GET", "/api/v1/attachments/x").status == 404


@pytest.mark.parametrize(
    ("path", "data", "kind", "status"),
    [
        (SHA256, PDF + b"x", "application/pdf", 422),
        (SHA256.upper(), PDF, "application/pdf", 422),
        (SHA256, PDF, "image/png", 422),
        (SHA256, PDF, "text/html", 415),
        (SHA256, PDF, "", 415),
        (SHA256, b"%PDF-" + b"x" * SMALL.attachment, "application/pdf", 413),
    ],
)
def test_files_that_are_not_what_they_say(
    call: Caller, hub: FakeHub, path: str, data: bytes, kind: str, status: int
) -> None:
    """A wrong hash, a wrong kind and too large a file are refused, and nothing is kept."""
    assert call("PUT", f"/api/v1/attachments/{path}", data, Content_Type=kind).status == status
    assert hub.files == {}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({}, 415),
        ({"Content_Type": "application/xml; charset=iso-8859-1"}, 415),
        ({"Content_Type": "application/xml", "Content_Encoding": "gzip"}, 415),
        ({"Content_Type": "application/xml", "Accept": "text/html"}, 406),
        ({"Content_Type": "application/xml", "Accept": "application/json;q=0, text/html"}, 406),
        ({"Content_Type": "application/xml; charset=UTF-8", "Accept": "*/*"}, 202),
    ],
)
def test_negotiation(call: Caller, hub: FakeHub, fields: dict[str, str], status: int) -> None:
    """Kinds of body and answer that are not spoken here are refused before anything is read."""
    assert call("POST", "/api/v1/dossiers", SUBMIT, **fields).status == status
    assert len(hub.answers) == (status == 202)


@pytest.mark.parametrize(("error", "status", "seconds"), [(NotNow(7.2), 503, "8"), (TooMany(), 429, "1")])
def test_later(call: Caller, hub: FakeHub, error: HubError, status: int, seconds: str) -> None:
    """What cannot be taken in now says when to come back, in whole seconds."""
    hub.fail = error
    heard = call("POST", "/api/v1/dossiers", SUBMIT, **XML)
    assert (heard.status, heard.headers["retry-after"]) == (status, seconds)


def test_a_failure_tells_nothing(call: Caller, hub: FakeHub) -> None:
    """An unexpected error is 500 as Problems, without its text; the server goes on."""
    hub.fail = RuntimeError("secret 001090000018")
    heard = call("POST", "/api/v1/dossiers", SUBMIT, **XML)
    assert heard.status == 500
    assert b"secret" not in heard.body
    assert text_at(read(heard.body), "Reason") == "failed"
    assert call("POST", "/api/v1/dossiers", SUBMIT, **XML).status == 202
