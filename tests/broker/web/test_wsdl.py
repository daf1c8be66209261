from __future__ import annotations

from typing import Any

import pytest
import requests
import suds
import suds.client
import zeep
import zeep.exceptions

from broker.canonical.plan import NAMESPACE
from broker.web.examples import DOCUMENTS
from broker.web.wsdl import FILE, intake_wsdl
from signing.xml import parse
from tests.broker.web.conftest import PROJECT
from tests.broker.web.fakes import CODE, KEY, FakeHub
from tests.broker.web.serving import Caller

FOLDER = PROJECT / "xsd" / "lienthong" / "1.0"


def test_the_kept_contract_is_current() -> None:
    """intake.wsdl is what its generator makes of intake.xsd today."""
    same = (FOLDER / FILE).read_bytes() == intake_wsdl(FOLDER)
    assert same, "the schemas have changed: run python -m broker.web.wsdl xsd/lienthong/1.0"


def test_each_pair_of_request_and_response_is_an_operation() -> None:
    """Every operation, bound to SOAP 1.1 and 1.2, each with Problems as its fault."""
    root = parse(intake_wsdl(FOLDER))
    operations = [node.get("name") for node in root.iterfind("{*}portType/{*}operation")]
    later = ["Supplement", "Withdraw", "Resume", "Consent", "Handover", "Report"]
    assert [name for name in operations if name in {"Submit", "Status", *later}] == [
        "Submit",
        "Status",
        *later,
    ]
    assert len(root.findall("{*}binding")) == 2
    assert len(root.findall("{*}portType/{*}operation/{*}fault")) == len(operations)
    assert [port.get("name") for port in root.iterfind("{*}service/{*}port")] == [
        "IntakeSoap11",
        "IntakeSoap12",
    ]


def test_the_contract_stands_alone() -> None:
    """Nothing has to be fetched beside it, and every name has its prefix."""
    root = parse(intake_wsdl(FOLDER))
    assert [node for node in root.iter("{*}include", "{*}import") if node.get("schemaLocation")] == []
    assert not any(":" not in (node.get("type") or ":") for node in root.iter("{*}element", "{*}attribute"))


@pytest.fixture
def suds_client(call: Caller, hub: FakeHub) -> Any:
    """A suds client made from the published contract, with nothing but its address and a key."""
    url = f"http://{call.host}:{call.port}/soap/intake"
    return suds.client.Client(f"{url}?wsdl", location=url, headers={"X-Api-Key": KEY}, cache=None, timeout=20)


def test_suds_submits_and_asks(suds_client: Any) -> None:
    """A client that we did not write builds a declaration from the contract and understands the answers."""
    document = parse(DOCUMENTS["SubmitRequest"].encode())
    answer = suds_client.service.Submit(**_suds(suds_client, document))
    assert (answer.DossierCode, answer.Duplicate) == (CODE, False)
    status = suds_client.service.Status(Code=CODE)
    assert (status.State, status.Code[0]._system) == ("processing", "dvcqg")


def test_suds_hears_what_is_wrong(suds_client: Any) -> None:
    """The fault's detail is readable as the contract declares it."""
    document = parse(DOCUMENTS["SubmitRequest"].replace("00119200", "00119").encode())
    with pytest.raises(suds.WebFault) as caught:
        suds_client.service.Submit(**_suds(suds_client, document))
    problem = caught.value.fault.detail.Problems.Problem
    assert problem.Field == "Mother/PersonalNumber"
    assert "Số định danh cá nhân của mẹ" in problem.Vi


def _suds(client: Any, node: Any) -> dict[str, Any]:
    """The children of an element as suds wants them."""
    values: dict[str, Any] = {}
    for child in node:
        name = child.tag.rpartition("}")[2]
        values[name] = _suds(client, child) if len(child) else child.text
    return values


@pytest.mark.parametrize("port", ["IntakeSoap11", "IntakeSoap12"])
def test_zeep_submits_and_asks(call: Caller, hub: FakeHub, port: str) -> None:
    """The other client stack, in both SOAP versions."""
    url = f"http://{call.host}:{call.port}/soap/intake"
    with requests.Session() as session:
        session.headers["X-Api-Key"] = KEY
        client = zeep.Client(f"{url}?wsdl", transport=zeep.Transport(session=session), port_name=port)
        service = client.create_service(f"{{{NAMESPACE}}}{port}", url)
        document = parse(DOCUMENTS["SubmitRequest"].encode())
        request = client.get_element(f"{{{NAMESPACE}}}SubmitRequest").parse(document, client.wsdl.types)
        values = zeep.helpers.serialize_object(request, dict)
        assert service.Submit(**values).DossierCode == CODE
        assert service.Status(Code=CODE).State == "processing"
        with pytest.raises(zeep.exceptions.Fault):
            service.Status(Code="nothing")
