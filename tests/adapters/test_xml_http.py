"""xml-http keeps the contract of a sender in its dresses: plain, enveloped, and the form of the
insurance gateway.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from lxml import etree
from pydantic import ValidationError

from adapters import errors
from adapters.base import Answer, Request, Resources
from adapters.http import HttpClient
from adapters.xml_http import SPEC, XmlHttp, XmlHttpSettings
from lienthong.testing import NOW, AdapterContract, FakeAgency, Heard, fixed_clock, numbers
from signing.xml import parse, serialize
from signing.xmlsig.xmldsig import sign_enveloped, verify_two_reference
from tests import pki

CONTRACTS = Path(__file__).parent / "contracts"
FORM = {"kind": "two-reference", "document": "FORM", "holder": "SIGN"}


def card(key: str) -> bytes:
    """A document that still needs its Id and signature."""
    root = etree.Element("CARD")
    form = etree.SubElement(root, "FORM", Id="Id-1")
    etree.SubElement(form, "KEY").text = key
    etree.SubElement(form, "NAME").text = "Trần Thị Bé"
    return serialize(root)


def receipt(key: str, code: str = "200") -> etree._Element:
    """What an agency answers."""
    root = etree.Element("RECEIPT")
    etree.SubElement(root, "KEY").text = key
    etree.SubElement(root, "CODE").text = code
    return root


def xml(root: etree._Element) -> Answer:
    """An answer over HTTP."""
    return Answer(200, serialize(root), "application/xml")


class TestPlain(AdapterContract):
    """An API key, documents as they are, a GET to ask."""

    spec = SPEC
    contracts = CONTRACTS
    secrets = {"k": "s3cr3t-key"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """Two operations."""
        return {
            "address": f"{url}/api",
            "operations": {
                "Submit": {"path": "/cards", "input": "CARD", "output": "RECEIPT", "xsd": "card.xsd"},
                "Ask": {
                    "path": "/cards?khoa={payload:KEY}",
                    "method": "GET",
                    "input": "QUESTION",
                    "output": "RECEIPT",
                    "xsd": "card.xsd",
                    "safe": True,
                },
            },
            "auth": {"kind": "api-key", "header": "X-Api-Key", "key": "k"},
            "code": "CODE",
            "verdicts": {"401": "unauthorized", "500": "unavailable", "429": "throttled", "205": "rejected"},
            "asks": {"Submit": {"operation": "Ask", "template": "<QUESTION><KEY>{key}</KEY></QUESTION>"}},
        }

    def request(self, number: int = 0) -> Request:
        """A card."""
        return Request("Submit", card(f"key-{number}"), f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """A receipt with the card's key."""
        return xml(receipt(parse(heard.body).findtext("FORM/KEY") or "" if heard.body else "key-0"))

    def wrong(self, heard: Heard) -> Answer | None:
        """A document of the same schema that is not an answer."""
        return Answer(200, card("key-0"), "application/xml")


class TestSecretInside(TestPlain):
    """The account's key travels inside the document, and is in no log."""

    def settings(self, url: str) -> dict[str, Any]:
        """A place for the secret."""
        settings = super().settings(url)
        settings["operations"]["Submit"]["secrets"] = {"FORM/NAME": "k"}
        return settings

    def agency(self, heard: Heard) -> Answer:
        """Looks for the key."""
        if heard.body:
            assert parse(heard.body).findtext("FORM/NAME") == "s3cr3t-key"
        return super().agency(heard)

    def carried(self, heard: Heard) -> bytes:
        """The document as it was before the key took its place."""
        return heard.body.replace(b"s3cr3t-key", "Trần Thị Bé".encode())


class TestEnveloped(TestPlain):
    """Answers carry a signature."""

    def settings(self, url: str) -> dict[str, Any]:
        """Verified answers."""
        settings = super().settings(url)
        settings["operations"]["Submit"]["verify_reply"] = {"kind": "enveloped"}
        return settings

    def trust(self) -> Any:
        """The agency."""
        return pki.trust("yte")

    def agency(self, heard: Heard) -> Answer:
        """A signed receipt."""
        root = parse(super().agency(heard).body)
        sign_enveloped(root, pki.signer("yte"))
        return xml(root)

    def unsigned(self, heard: Heard) -> Answer:
        """A receipt as it is."""
        return super().agency(heard)


class TestGateway(TestPlain):
    """Token, then a form with base64 of the two-reference-signed document, password hashed."""

    secrets = {"u": "s3cr3t-user", "p": "s3cr3t-word"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """The dress of the social insurance gateway."""
        submit = {
            "path": "/gui",
            "input": "CARD",
            "output": "RECEIPT",
            "xsd": "card.xsd",
            "signature": FORM,
            "encoding": "form",
            "fields": {
                "ma": "{payload:FORM/KEY}",
                "loaiHs": "{operation}",
                "token": "{token:access_token}",
                "id_token": "{token:id_token}",
                "username": "{secret:u}",
                "password": "{md5:p}",
                "fileBase64Str": "{document}",
            },
        }
        return {
            "address": url,
            "operations": {"Submit": submit},
            "code": "CODE",
            "verdicts": {"401": "unauthorized"},
            "auth": {
                "kind": "token-endpoint",
                "path": "/token",
                "credentials": {"username": "u", "password": "p"},
            },
        }

    def signer(self) -> Any:
        """The hub."""
        return pki.signer("hub")

    def carried(self, heard: Heard) -> bytes:
        """The document in the form."""
        return base64.b64decode(parse_qs(heard.body.decode())["fileBase64Str"][0])

    def prelude(self, heard: Heard) -> Answer | None:
        """The token."""
        if heard.path == "/token":
            return Answer(200, b'{"access_token":"a","id_token":"i","expires_in":60}', "application/json")
        return None

    def agency(self, heard: Heard) -> Answer:
        """Checks the form and the signature."""
        before = self.prelude(heard)
        if before is not None or heard.method == "GET":
            return before or Answer(404, b"", "text/plain")
        form = {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}
        document = parse(self.carried(heard))
        verify_two_reference(document, pki.trust("hub"), NOW, payload="FORM", holder="SIGN")
        assert (form["token"], form["id_token"], form["username"]) == ("a", "i", "s3cr3t-user")
        assert form["loaiHs"] == "Submit"
        assert form["password"] == hashlib.md5(b"s3cr3t-word", usedforsecurity=False).hexdigest()
        return xml(receipt(form["ma"]))

    def wrong(self, heard: Heard) -> Answer | None:
        """The same for whoever has a token."""
        return self.prelude(heard) or super().wrong(heard)


# ---------------------------------------------------------------------------- beyond the contract suite


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """An HTTP client."""
    client = HttpClient(clock=fixed_clock)
    yield client
    await client.close()


def sender(http: HttpClient, suite: AdapterContract, url: str) -> XmlHttp:
    """The adapter of a suite above."""
    secret = suite.secrets.__getitem__
    lent = Resources(http, CONTRACTS, fixed_clock, numbers(), secret, suite.signer(), suite.trust())
    return XmlHttp(XmlHttpSettings.model_validate(suite.settings(url)), lent)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("401", errors.Unauthorized),
        ("500", errors.Unavailable),
        ("429", errors.Throttled),
        ("205", errors.Rejected),
    ],
)
async def test_code_in_the_answer_decides(http: HttpClient, code: str, expected: type[Exception]) -> None:
    """An agency that says everything with HTTP 200 is understood by its own codes."""
    async with FakeAgency(lambda _: xml(receipt("key-0", code))) as agency:
        client = sender(http, TestPlain(), agency.url)
        with pytest.raises(expected) as caught:
            await client.send(client.encode(TestPlain().request()))
    assert type(caught.value) is expected
    assert isinstance(caught.value, errors.AdapterError)
    assert caught.value.code == code


async def test_asking_is_a_get_with_quoted_values(http: HttpClient) -> None:
    """The question is in the address; nothing that fills a hole can change where it leads."""
    client = sender(http, TestPlain(), "http://127.0.0.1:9")
    question = client.ask(TestPlain().request())
    assert question is not None
    wire = client.encode(question)
    assert (wire.method, wire.url, wire.body) == ("GET", "http://127.0.0.1:9/api/cards?khoa=key-0", b"")


async def test_token_refused_inside_a_200_is_renewed_once(http: HttpClient) -> None:
    """A code for "token expired" in the answer leads to one new token and one more try."""
    suite = TestGateway()
    said = iter(["401", "200"])

    def agency(heard: Heard) -> Answer:
        return suite.prelude(heard) or xml(receipt("key-0", next(said)))

    async with FakeAgency(agency) as fake:
        client = sender(http, suite, fake.url)
        reply = await client.send(client.encode(suite.request()))
        assert [heard.path for heard in fake.heard] == ["/token", "/gui", "/token", "/gui"]
    assert b"<CODE>200</CODE>" in reply.payload


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"access_token": 5}'])
async def test_unusable_token_is_about_identity(http: HttpClient, body: bytes) -> None:
    """Without a token the message stays here, and an operator is called."""
    async with FakeAgency(lambda _: Answer(200, body, "application/json")) as agency:
        client = sender(http, TestGateway(), agency.url)
        with pytest.raises(errors.Unauthorized):
            await client.send(client.encode(TestGateway().request()))


async def test_missing_id_is_given(http: HttpClient) -> None:
    """The signed document of the two-reference profile gets an Id if the mapping left it out."""
    client = sender(http, TestGateway(), "http://127.0.0.1:9")
    payload = TestGateway().request().payload.replace(b' Id="Id-1"', b"")
    wire = client.encode(Request("Submit", payload, "key-0"))
    assert parse(wire.body).find("FORM").get("Id") == "Id-00000001"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [
        {"encoding": "form"},
        {"fields": {"a": "{document}"}},
        {"encoding": "form", "fields": {"a": "{context:officer}"}},
        {"signature": {"kind": "two-reference"}},
        {"signature": {"kind": "enveloped", "holder": "SIGN"}},
        {"path": "/{unheard-of}"},
        {"secrets": {"FORM/NAME": "k"}, "signature": {"kind": "enveloped"}},
        {"secrets": {"FORM/NAME": "k"}, "encoding": "form", "fields": {"a": "{document}"}},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    """Found when the settings are read."""
    settings = TestPlain().settings("http://127.0.0.1:9")
    settings["operations"]["Submit"].update(changes)
    with pytest.raises(ValidationError):
        XmlHttpSettings.model_validate(settings)
