from __future__ import annotations

import pytest
from lxml import etree

from broker.canonical.document import read
from broker.errors import Conflict, NotNow
from broker.web.examples import DOCUMENTS
from signing.xml import parse
from tests.broker.web.conftest import CALLBACK
from tests.broker.web.fakes import CODE, FakeHub
from tests.broker.web.serving import SMALL, Caller, Heard

S11 = "http://schemas.xmlsoap.org/soap/envelope/"
S12 = "http://www.w3.org/2003/05/soap-envelope"
SUBMIT = DOCUMENTS["SubmitRequest"]
STATUS = f'<StatusRequest xmlns="urn:lienthong:1.0"><Code>{CODE}</Code></StatusRequest>'


def post(call: Caller, document: str, *, version: str = S11, header: str = "", key: str | None = "") -> Heard:
    """One SOAP request with ``document`` in its body."""
    content = document.partition("?>")[2] if document.startswith("<?xml") else document
    envelope = f'<s:Envelope xmlns:s="{version}">{header}<s:Body>{content}</s:Body></s:Envelope>'
    kind = "text/xml; charset=utf-8" if version == S11 else "application/soap+xml; charset=utf-8"
    keys = {} if key == "" else {"key": key}
    # type: ignore[arg-type]
    return call("POST", "/soap/intake", envelope.encode(), Content_Type=kind, SOAPAction='""', **keys)


def said(heard: Heard, name: str) -> list[str]:
    """Texts of all elements called ``name`` in an answer."""
    return [node.text or "" for node in parse(heard.body).iter(f"{{*}}{name}")]


@pytest.mark.parametrize("version", [S11, S12])
def test_submit_and_status(call: Caller, hub: FakeHub, version: str) -> None:
    """Both versions on one address; the answer comes in the request's own."""
    heard = post(call, SUBMIT, version=version)
    assert (heard.status, said(heard, "DossierCode")) == (200, [CODE])
    assert parse(heard.body).tag == f"{{{version}}}Envelope"
    assert said(post(call, STATUS, version=version), "Procedure") == ["3.000722"]


def test_every_operation_reaches_its_service(call: Caller, hub: FakeHub) -> None:
    """The operations of the contract answer with their own response."""
    for name, document in DOCUMENTS.items():
        heard = post(call, document)
        body = parse(heard.body).find(f"{{{S11}}}Body")
        assert body is not None
        assert etree.QName(body[0]).localname == name.replace("Request", "Response")


@pytest.mark.parametrize(("version", "status"), [(S11, 500), (S12, 400)])
def test_what_is_wrong_is_said_field_by_field(call: Caller, hub: FakeHub, version: str, status: int) -> None:
    """A wrong document is a fault whose detail is a valid Problems document, and it is recorded."""
    heard = post(call, SUBMIT.replace(">001192000027<", ">0011920000277<"), version=version)
    assert heard.status == status
    problems = next(parse(heard.body).iter("{urn:lienthong:1.0}Problems"))
    assert hub.schemas.validate(read(etree.tostring(problems)), "Problems") == []
    assert said(heard, "Field") == ["Mother/PersonalNumber"]
    assert b"0011920000277" not in heard.body
    assert [refusal[:2] for refusal in hub.refusals] == [("dvcqg", "Submit")]


def test_errors_of_the_services_are_faults(call: Caller, hub: FakeHub) -> None:
    """A conflict is the sender's fault, an overloaded hub is not, and says when to come back."""
    hub.fail = Conflict("Đã dùng.", "Used.", field="MessageId")
    heard = post(call, SUBMIT)
    assert said(heard, "faultcode") == ["soap:Client"]
    assert said(heard, "Reason") == ["conflict"]
    hub.fail = NotNow(3.0)
    heard = post(call, SUBMIT)
    assert (said(heard, "faultcode"), heard.headers["retry-after"]) == (["soap:Server"], "3")
    hub.fail = RuntimeError("secret")
    heard = post(call, SUBMIT)
    assert heard.status == 500
    assert b"secret" not in heard.body


def test_a_fault_relates_to_its_request(call: Caller, hub: FakeHub) -> None:
    """With WS-Addressing the fault names the message that it answers."""
    header = (
        '<s:Header xmlns:a="http://www.w3.org/2005/08/addressing">'
        "<a:Action>urn:lienthong:1.0/Submit</a:Action><a:MessageID>urn:uuid:1</a:MessageID></s:Header>"
    )
    hub.fail = Conflict("Đã dùng.", "Used.")
    assert said(post(call, SUBMIT, header=header), "RelatesTo") == ["urn:uuid:1"]


@pytest.mark.parametrize(
    "document",
    ["", "<x/>", '<Unknown xmlns="urn:lienthong:1.0"/>', "<a", '<!DOCTYPE a><a xmlns="urn:lienthong:1.0"/>'],
)
def test_messages_outside_the_contract_are_faults_and_recorded(
    call: Caller, hub: FakeHub, document: str
) -> None:
    """Whatever is not of the contract is a fault, never a crash, and does not vanish."""
    heard = post(call, document)
    assert heard.status == 500
    assert len(said(heard, "faultcode")) == 1
    assert len(hub.refusals) == 1


def test_a_caller_without_key_gets_401_as_a_fault(call: Caller, hub: FakeHub) -> None:
    """No key, no service; the wrong key is refused before SOAP is looked at."""
    heard = post(call, STATUS, key=None)
    assert heard.status == 401
    assert len(said(heard, "faultstring")) == 1
    assert post(call, STATUS, key="wrong").status == 401


def test_the_contract_is_public(call: Caller) -> None:
    """GET ?wsdl gives the contract with the hub's public address, however it is written."""
    for query in ("wsdl", "WSDL", "wsdl="):
        heard = call("GET", f"/soap/intake?{query}", key=None)
        if query != "wsdl=":
            assert b'location="https://hub.test/soap/intake"' in heard.body
            assert heard.headers["content-type"].startswith("text/xml")
    assert call("HEAD", "/soap/intake?wsdl", key=None).body == b""
    assert call("GET", "/soap/intake?xsd=nothing", key=None).status == 404
    assert call("GET", "/soap/intake", key=None).status == 405
    assert call("PUT", "/soap/intake", b"", key=None).headers["allow"] == "POST, GET, HEAD"


def test_large_messages_are_refused(call: Caller, hub: FakeHub) -> None:
    """The bound of a door holds before anything is parsed."""
    heard = call("POST", "/soap/intake", b"<" * (SMALL.report + 1), Content_Type="text/xml")
    assert heard.status == 413


def test_call_backs_that_fail_are_answered_in_the_agencys_form(call: Caller, hub: FakeHub) -> None:
    """An agency hears of the hub's troubles as its receiver says them, with the time to come back."""
    hub.fail = NotNow(9.0)
    heard = call("POST", CALLBACK, b"<x/>", Content_Type="text/xml")
    assert (heard.status, heard.headers["retry-after"]) == (500, "9")
    hub.fail = RuntimeError("secret")
    heard = call("POST", CALLBACK, b"<x/>", Content_Type="text/xml")
    assert b"secret" not in heard.body
    assert said(heard, "faultcode") == ["soap:Server"]
