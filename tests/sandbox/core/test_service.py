"""The SOAP endpoint over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.soap import SOAP12
from sandbox.core.xml import parse

NS = "urn:example:office"


def fault(body: bytes) -> str:
    """Code and words of a SOAP 1.1 fault."""
    root = parse(body)
    return f"{root.findtext('.//faultcode')}: {root.findtext('.//faultstring')}"


async def test_good_request(client: Any) -> None:
    """The operation's reply comes with 200 and the version's media type."""
    status, body = await client.apply()
    assert (status, parse(body)[-1][0].tag) == (200, f"{{{NS}}}Applied")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'<Apply xmlns="{NS}"><Name>A</Name><Key>K</Key></Apply>', "Key"),
        (f'<Apply xmlns="{NS}"><Key>much-too-long</Key><Name>A</Name></Apply>', "Key"),
        (f'<Apply xmlns="{NS}"><Key>K</Key><Name>A</Name><More/></Apply>', "More"),
        ("<Apply><Key>K</Key><Name>A</Name></Apply>", "no operation"),
        (f'<Other xmlns="{NS}"/>', "no operation"),
    ],
)
async def test_what_the_contract_does_not_allow(client: Any, office: Any, content: str, words: str) -> None:
    """Order, facets, extra elements, wrong namespace, unknown operation: a Client fault, nothing taken in."""
    status, body = await client.send(content)
    assert (status, fault(body).startswith("soap:Client"), words in fault(body)) == (500, True, True)
    assert office.desk.records() == []


@pytest.mark.parametrize("action", ["", '""', '"urn:other"'])
async def test_wrong_soap_action(client: Any, action: str) -> None:
    """The action must be that of the operation."""
    status, body = await client.apply(SOAPAction=action)
    assert (status, "SOAPAction" in fault(body)) == (500, True)


async def test_unquoted_soap_action_is_taken(client: Any) -> None:
    """Quotes are often forgotten, and harmless."""
    assert (await client.apply(SOAPAction="urn:apply"))[0] == 200


@pytest.mark.parametrize(
    ("media_type", "status"),
    [("application/json", 415), ("text/plain", 415), ("text/xml; charset=utf-8", 200)],
)
async def test_media_type(client: Any, media_type: str, status: int) -> None:
    """Only XML media types are looked at."""
    assert (await client.apply(Content_Type=media_type))[0] == status


async def test_other_version_gets_its_fault(client: Any) -> None:
    """A SOAP 1.2 message is told that this is a SOAP 1.1 service."""
    message = f'<s:Envelope xmlns:s="{SOAP12.namespace}"><s:Body><a/></s:Body></s:Envelope>'
    status, body = await client.post(message.encode(), Content_Type="application/soap+xml")
    assert (status, fault(body).startswith("soap:VersionMismatch")) == (500, True)


async def test_contract_is_published(client: Any) -> None:
    """GET gives the WSDL and what it imports, and 404 for anything else."""
    async with client.session.get(client.url + "/soap?wsdl") as answer:
        assert f'location="{client.url}/soap"' in await answer.text()
    async with client.session.get(client.url + "/soap") as answer:
        assert answer.status == 404
