"""SOAP clients that are neither zeep nor ours submit a dossier and read how it stands."""

from __future__ import annotations

import asyncio
import http.client
import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from suds import WebFault
from suds.client import Client

from broker.model import StepState
from lienthong.demo.document import submission
from tests.worlds import Stage, birth, stage

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
ENVELOPE = f'<?xml version="1.0"?><e:Envelope xmlns:e="{SOAP12}"><e:Body>%s</e:Body></e:Envelope>'


@pytest.fixture(autouse=True)
def _quiet_suds() -> None:
    """Suds logs every fault as an error of its own."""
    logging.getLogger("suds").setLevel(logging.CRITICAL)


def suds_client(world: Stage, **headers: str) -> Any:
    """A client made of nothing but the address of the WSDL; the portal's key goes with every call."""
    client = Client(f"{world.url}/soap/intake?wsdl", cache=None)
    client.set_options(headers=headers or {"X-Api-Key": world.portal_key}, port="IntakeSoap11")
    return client


def arguments(element: etree._Element) -> Any:
    """An element as plain dictionaries and lists, the way a programmer hands values to suds."""
    if len(element) == 0:
        return element.text
    values: dict[str, Any] = {}
    for child in element:
        name, value = etree.QName(child).localname, arguments(child)
        known = values.get(name)
        values[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return values


def request(message_id: str) -> etree._Element:
    """A whole SubmitRequest."""
    document = submission(
        birth(), message_id=message_id, portal_code="H01-26-000001", officer="CB000001", unit="H01.001"
    )
    return etree.fromstring(document)  # noqa: TID251 - the test's own document


async def test_suds_submits_and_reads_the_status(tmp_path: Path) -> None:
    """From the published WSDL alone, suds submits a declaration; the dossier completes, and suds reads each step."""
    async with stage(tmp_path) as world:
        client = await asyncio.to_thread(suds_client, world)
        values = arguments(request("suds-00001"))
        answer = await asyncio.to_thread(lambda: client.service.Submit(**values))
        code = str(answer.DossierCode)
        assert not answer.Duplicate
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        status = await asyncio.to_thread(lambda: client.service.Status(Code="H01-26-000001"))
        assert (status.DossierCode, status.State) == (code, "completed")
        assert {str(step.State) for step in status.Step} == {"completed"}
        assert {str(step.Name) for step in status.Step} >= {"Đăng ký khai sinh (Birth registration)"}
        again = await asyncio.to_thread(lambda: client.service.Submit(**values))
        assert (str(again.DossierCode), again.Duplicate) == (code, True)


async def test_suds_reads_a_fault(tmp_path: Path) -> None:
    """A refusal reaches a foreign client as the fault of the contract, with the field and both languages."""
    async with stage(tmp_path) as world:
        client = await asyncio.to_thread(suds_client, world)
        values = arguments(request("suds-00002"))
        values["BirthDeclaration"]["Mother"]["PersonalNumber"] = "0011990000011"
        with pytest.raises(WebFault) as caught:
            await asyncio.to_thread(lambda: client.service.Submit(**values))
        problem = caught.value.fault.detail.Problems.Problem
        assert "Mother/PersonalNumber" in str(problem)
        assert "001199" not in str(caught.value.fault)


def post(world: Stage, envelope: bytes, **headers: str) -> tuple[int, str, bytes]:
    """One POST by the standard library; status, content type and body of the answer."""
    address = urlsplit(world.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.request("POST", "/soap/intake", envelope, {"X-Api-Key": world.portal_key, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


async def test_hand_written_soap_12(tmp_path: Path) -> None:
    """An envelope written by hand, sent as SOAP 1.2, is answered in SOAP 1.2."""
    kind = {"Content-Type": "application/soap+xml; charset=utf-8"}
    async with stage(tmp_path) as world:
        document = etree.tostring(request("by-hand-1"), encoding="unicode")
        status, media_type, body = await asyncio.to_thread(
            post, world, (ENVELOPE % document).encode(), **kind
        )
        assert (status, media_type.split(";")[0]) == (200, "application/soap+xml")
        answer = etree.fromstring(body)  # noqa: TID251 - the test's own reading
        assert answer.tag == f"{{{SOAP12}}}Envelope"
        code = answer.findtext(".//{urn:lienthong:1.0}DossierCode")
        assert code
        assert set((await world.finish(code)).values()) == {StepState.COMPLETED}
        question = f'<StatusRequest xmlns="urn:lienthong:1.0"><Code>{code}</Code></StatusRequest>'
        _, _, body = await asyncio.to_thread(post, world, (ENVELOPE % question).encode(), **kind)
        assert b">completed</" in body


async def test_hand_written_fault_12(tmp_path: Path) -> None:
    """What is wrong with a SOAP 1.2 message comes back as a SOAP 1.2 fault of the sender."""
    async with stage(tmp_path) as world:
        question = '<StatusRequest xmlns="urn:lienthong:1.0"><Code>G22-unknown</Code></StatusRequest>'
        status, media_type, body = await asyncio.to_thread(
            post, world, (ENVELOPE % question).encode(), **{"Content-Type": "application/soap+xml"}
        )
        assert (status, media_type.split(";")[0]) == (400, "application/soap+xml")
        fault = etree.fromstring(body)  # noqa: TID251 - the test's own reading
        assert (fault.findtext(f".//{{{SOAP12}}}Value") or "").endswith(":Sender")
