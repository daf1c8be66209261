"""soap-client keeps the contract of a sender in each of its profiles, and says no where the standards
say no.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from adapters import addressing, errors, faults, soap
from adapters.base import Answer, Reply, Request, Resources
from adapters.http import HttpClient
from adapters.soap_client import SPEC, SoapClient, SoapClientSettings
from lienthong.testing import NOW, AdapterContract, FakeAgency, Heard, fixed_clock, numbers
from signing.xml import parse, serialize
from signing.xmlsig.wss import verify_envelope
from signing.xmlsig.xmldsig import sign_enveloped, verify_enveloped
from tests import pki
from tests.adapters.agencies import LEDGER, NOTE, alone, faults_body, key_in, ledger, note, say, signed

CONTRACTS = Path(__file__).parent / "contracts"


class Notes(AdapterContract):
    """What the document-style profiles have in common."""

    spec = SPEC
    contracts = CONTRACTS
    version: soap.Version = "1.1"

    def request(self, number: int = 0) -> Request:
        """A note."""
        return Request("Submit", serialize(note("Note", f"key-{number}")), f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """A receipt with the note's key."""
        return say(self.version, note("Receipt", key_in(heard)))

    def wrong(self, heard: Heard) -> Answer | None:
        """The answer to the other question."""
        return say(self.version, note("State", key_in(heard), "true", "Known"))


class TestDocument(Notes):
    """SOAP 1.1, document/literal, unsigned, HTTP Basic; can ask."""

    secrets = {"u": "s3cr3t-user", "p": "s3cr3t-word"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """The agency at ``url``."""
        question = f'<Question xmlns="{NOTE}"><Key>{{key}}</Key></Question>'
        return {
            "wsdl": "note.wsdl",
            "port": "Soap11",
            "address": f"{url}/notes",
            "auth": {"kind": "basic", "user": "u", "password": "p"},
            "asks": {"Submit": {"operation": "Ask", "template": question}},
        }


class TestWsSecurity(Notes):
    """SOAP 1.2 with WS-Addressing and WS-Security in both directions."""

    version = "1.2"

    def settings(self, url: str) -> dict[str, Any]:
        """The agency at ``url``."""
        return {
            "wsdl": "note.wsdl",
            "port": "Soap12",
            "address": f"{url}/notes",
            "security": "wss-x509",
            "verify_reply": "wss-x509",
            "addressing": True,
        }

    def signer(self) -> Any:
        """The hub's RSA key: its signatures are the same twice."""
        return pki.signer("hub")

    def trust(self) -> Any:
        """The agency."""
        return pki.trust("cutru")

    def envelope(self, heard: Heard) -> etree._Element:
        """The answer before it is signed; the request is verified first."""
        request = soap.read(parse(heard.body))
        verify_envelope(parse(heard.body), pki.trust("hub"), NOW)
        sent = addressing.read(request.headers())
        blocks = addressing.headers(addressing.Addressing(f"{NOTE}/receipt", relates_to=sent.message_id))
        return soap.build("1.2", note("Receipt", key_in(heard)), blocks)

    def agency(self, heard: Heard) -> Answer:
        """A signed receipt; the agency's own address for connection tests says 404."""
        if heard.method == "GET":
            return Answer(404, b"", "text/plain")
        return signed(self.envelope(heard))

    def unsigned(self, heard: Heard) -> Answer:
        """The same without Security header."""
        return Answer(200, serialize(self.envelope(heard)), soap.answer_type("1.2"))


class TestKeyIdentifier(TestWsSecurity):
    """The same with an agency that has our certificate, and wants it named only."""

    def settings(self, url: str) -> dict[str, Any]:
        """The agency at ``url``."""
        return {**super().settings(url), "key_reference": "subject-key-identifier"}

    def agency(self, heard: Heard) -> Answer:
        """A request that carries no certificate gets a signed receipt."""
        assert heard.method == "GET" or b"BinarySecurityToken" not in heard.body
        return super().agency(heard)


class TestRpc(AdapterContract):
    """SOAP 1.1, rpc/literal, enveloped signatures in both directions, token."""

    spec = SPEC
    contracts = CONTRACTS
    secrets = {"u": "s3cr3t-user", "p": "s3cr3t-word"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """The agency at ``url``."""
        return {
            "wsdl": "ledger.wsdl",
            "address": f"{url}/ledger",
            "security": "enveloped",
            "unsigned": ["login", "ask"],
            "verify_reply": "enveloped",
            "unverified": ["login"],
            "auth": {
                "kind": "token",
                "operation": "login",
                "credentials": {"user": "u", "password": "p"},
                "token": "token",
            },
        }

    def signer(self) -> Any:
        """The hub's RSA key."""
        return pki.signer("hub")

    def trust(self) -> Any:
        """The agency."""
        return pki.trust("yte")

    def request(self, number: int = 0) -> Request:
        """An entry, with the schema's namespace as default namespace: the hard case for rpc parts."""
        payload = (
            f'<Entry xmlns="{LEDGER}" kind="birth"><key xmlns="">key-{number}</key>'
            f'<text xmlns="">Nguyễn</text></Entry>'
        )
        return Request("submit", payload.encode(), f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """A token for who logs in; a signed result for who has one; verifies the entry's signature."""
        return ledger(heard, lambda result: sign_enveloped(result, pki.signer("yte")))

    def prelude(self, heard: Heard) -> Answer | None:
        """The log-in."""
        return self.agency(heard) if b"login" in heard.body else None

    def unsigned(self, heard: Heard) -> Answer:
        """The result without signature."""
        return ledger(heard, lambda result: None)


# ---------------------------------------------------------------------------- beyond the contract suite


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """An HTTP client."""
    client = HttpClient(clock=fixed_clock)
    yield client
    await client.close()


def client(http: HttpClient, suite: AdapterContract, url: str, **changes: Any) -> SoapClient:
    """The adapter of a suite above with some settings changed."""
    lent = Resources(
        http, CONTRACTS, fixed_clock, numbers(), suite.secrets.__getitem__, suite.signer(), suite.trust()
    )
    return SoapClient(SoapClientSettings.model_validate({**suite.settings(url), **changes}), lent)


async def exchange(http: HttpClient, suite: AdapterContract, answer: Any, **changes: Any) -> Reply:
    """One exchange with an agency that answers ``answer`` (an Answer or a function of what it heard)."""
    behaviour = answer if callable(answer) else lambda _: answer
    async with FakeAgency(behaviour) as agency:
        sender = client(http, suite, agency.url, **changes)
        return await sender.send(sender.encode(suite.request()))


async def test_headers_of_both_versions(http: HttpClient) -> None:
    """SOAP 1.1 says the action in SOAPAction, 1.2 in the content type."""
    one = client(http, TestDocument(), "http://127.0.0.1:9").encode(TestDocument().request())
    two = client(http, TestWsSecurity(), "http://127.0.0.1:9").encode(TestWsSecurity().request())
    assert one.headers == {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NOTE}/Submit"'}
    assert two.headers == {"Content-Type": f'application/soap+xml; charset=utf-8; action="{NOTE}/Submit"'}


async def test_rpc_body_is_unqualified_and_its_signature_holds(http: HttpClient) -> None:
    """The part accessor has no namespace even after serialising, and the signature inside is over it
    alone.
    """
    wire = client(http, TestRpc(), "http://127.0.0.1:9").encode(TestRpc().request())
    body = soap.read(parse(wire.body)).body
    assert body is not None
    assert (body.tag, [child.tag for child in body]) == (f"{{{LEDGER}}}submit", ["entry"])
    entry = body[0]
    assert [child.tag for child in entry][:2] == ["key", "text"]
    assert verify_enveloped(alone(entry), pki.trust("hub"), NOW).element.get("kind") == "birth"


async def test_rpc_answer_becomes_a_document(http: HttpClient) -> None:
    """The payload has the name of the global element, so that mappings can start from it."""
    reply = await exchange(http, TestRpc(), TestRpc().agency)
    root = parse(reply.payload)
    assert (root.tag, root.findtext("status")) == (f"{{{LEDGER}}}Answer", "1")
    assert reply.signer is not None
    assert "yte" in reply.signer


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("Client", 500, errors.Rejected),
        ("Server", 500, errors.Unavailable),
        ("Client", 200, errors.Rejected),
        ("Client.Authentication", 500, errors.Unauthorized),
        ("MustUnderstand", 500, errors.Rejected),
        ("VersionMismatch", 500, errors.Rejected),
        ("Client", 401, errors.Unauthorized),
        ("Server", 503, errors.Unavailable),
        ("Server", 429, errors.Throttled),
    ],
)
async def test_fault_decides(http: HttpClient, code: str, status: int, expected: type[Exception]) -> None:
    """The fault says whose fault it is; a telling HTTP status says more."""
    with pytest.raises(expected) as caught:
        await exchange(http, TestDocument(), say("1.1", faults_body(code), status=status))
    assert type(caught.value) is expected


async def test_unsigned_fault_is_still_an_error(http: HttpClient) -> None:
    """Many agencies do not sign faults: a fault ends the exchange before signatures are looked at."""
    fault = serialize(faults.build("1.2", faults.Refusal("sender", "sai", "wrong")))
    with pytest.raises(errors.Rejected, match="sai"):
        await exchange(http, TestWsSecurity(), Answer(400, fault, soap.answer_type("1.2")))


async def test_fault_of_the_other_version_is_a_fault(http: HttpClient) -> None:
    """VersionMismatch comes in the version that the other side speaks (SOAP 1.2 appendix A)."""
    with pytest.raises(errors.Rejected, match="VersionMismatch"):
        await exchange(http, TestWsSecurity(), say("1.1", faults_body("VersionMismatch"), status=500))


async def test_answer_in_the_other_version_is_malformed(http: HttpClient) -> None:
    """A 1.2 answer to a 1.1 request is not the contract's."""
    with pytest.raises(errors.Malformed, match=r"1\.2, not 1\.1"):
        await exchange(http, TestDocument(), say("1.2", note("Receipt", "key-0")))


async def test_invalid_answer_is_malformed_without_its_values(http: HttpClient) -> None:
    """What fails the schema is kept raw, but the message for people holds no personal data."""
    with pytest.raises(errors.Malformed) as caught:
        await exchange(http, TestDocument(), say("1.1", note("Receipt", "Nguyễn Văn A")))
    assert "Nguyễn" not in caught.value.detail
    assert "Nguyễn" in (caught.value.raw or b"").decode()


async def test_header_that_must_be_understood(http: HttpClient) -> None:
    """An answer that demands more than we know is not silently accepted (SOAP 1.1 §4.2.3)."""
    block = etree.Element("{urn:x}Strange")
    block.set(f"{{{soap.SOAP_11}}}mustUnderstand", "1")
    with pytest.raises(errors.Malformed, match="Strange"):
        await exchange(http, TestDocument(), say("1.1", note("Receipt", "key-0"), block))


async def test_answer_to_another_message_is_malformed(http: HttpClient) -> None:
    """RelatesTo must name the message that was sent, even if all is signed."""

    def other(heard: Heard) -> Answer:
        blocks = addressing.headers(addressing.Addressing("a", relates_to="urn:uuid:other"))
        return signed(soap.build("1.2", note("Receipt", "key-0"), blocks))

    with pytest.raises(errors.Malformed, match="urn:uuid:other"):
        await exchange(http, TestWsSecurity(), other)


@pytest.mark.parametrize("name", ["stranger", "expired"])
async def test_answer_of_a_stranger_is_malformed(http: HttpClient, name: str) -> None:
    """A perfect signature of somebody else is no signature."""
    with pytest.raises(errors.Malformed):
        await exchange(http, TestWsSecurity(), lambda heard: signed(TestWsSecurity().envelope(heard), name))


async def test_another_partner_does_not_sign_here(http: HttpClient) -> None:
    """Trust in a partner is trust in its own messages only."""

    class Both(TestWsSecurity):
        def trust(self) -> Any:
            return pki.trust("cutru", "bhxh")

    suite = Both()
    assert (await exchange(http, suite, suite.agency, partner="cutru")).status == 200
    with pytest.raises(errors.Malformed, match="only bhxh signs here"):
        await exchange(http, suite, suite.agency, partner="bhxh")


async def test_one_way_operation_succeeds_with_nothing(http: HttpClient) -> None:
    """An empty 202 is a success where the contract promises no output, and only there."""
    async with FakeAgency(lambda _: Answer(202, b"", "text/xml")) as agency:
        sender = client(http, TestDocument(), agency.url)
        ping = Request("Notify", f'<Ping xmlns="{NOTE}"><Key>key-1</Key></Ping>'.encode(), "key-1")
        reply = await sender.send(sender.encode(ping))
    assert (reply.status, reply.payload) == (202, b"")


async def test_time_out_of_a_safe_operation_is_unavailable(http: HttpClient) -> None:
    """A look-up may be repeated; a submission may not."""
    with pytest.raises(errors.Ambiguous):
        await exchange(http, TestDocument(), None, timeout_seconds=0.3)
    with pytest.raises(errors.Unavailable):
        await exchange(http, TestDocument(), None, timeout_seconds=0.3, safe=["Submit"])


async def test_token_is_fetched_once_for_many(http: HttpClient) -> None:
    """Simultaneous messages share one log-in."""
    suite = TestRpc()
    async with FakeAgency(suite.agency) as agency:
        sender = client(http, suite, agency.url)
        wires = [sender.encode(suite.request(number)) for number in range(4)]
        for reply in [await sender.send(wire) for wire in wires]:
            assert reply.status == 200
        assert sum(b"login" in heard.body for heard in agency.heard) == 1


async def test_refused_token_is_renewed_once(http: HttpClient) -> None:
    """After a 401 one new log-in and one more try; a second refusal stands."""
    suite, tokens = TestRpc(), iter(["old", "new", "newer"])

    def renewing(heard: Heard) -> Answer:
        return ledger(heard, lambda result: sign_enveloped(result, pki.signer("yte")), token=current[0])

    current = [next(tokens)]
    async with FakeAgency(renewing) as agency:
        sender = client(http, suite, agency.url)
        wire = sender.encode(suite.request())
        await sender.send(wire)
        current[0] = next(tokens)
        assert (await sender.send(wire)).status == 200
        logins = sum(b"login" in heard.body for heard in agency.heard)
        agency.behaviour = lambda heard: (
            renewing(heard) if b"login" in heard.body else Answer(401, b"", "text/plain")
        )
        with pytest.raises(errors.Unauthorized):
            await sender.send(wire)
    assert logins == 2


async def test_silent_login_leaves_the_message_unsent(http: HttpClient) -> None:
    """A time-out while logging in is not ambiguous: the message itself never left."""
    with pytest.raises(errors.Unavailable):
        await exchange(http, TestRpc(), None, timeout_seconds=0.3)


async def test_refused_login_is_about_identity(http: HttpClient) -> None:
    """Wrong credentials pause the agency; they are no verdict on the message."""
    with pytest.raises(errors.Unauthorized, match="no token"):
        await exchange(http, TestRpc(), say("1.1", faults_body("Client"), status=500))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"security": "wss-x509"}, "no key"),
        ({"verify_reply": "enveloped"}, "trusts no certificate"),
        ({"safe": ["Sumbit"]}, "Sumbit"),
        ({"wsdl": "gone.wsdl"}, "pin the file"),
    ],
)
async def test_settings_that_cannot_work_are_refused_early(
    http: HttpClient, changes: dict[str, Any], said: str
) -> None:
    """A misconfiguration is found when the adapter is built, not when a citizen waits."""
    with pytest.raises(ValueError, match=said):
        client(http, TestDocument(), "http://127.0.0.1:9", **changes)


async def test_unknown_hole_in_a_question_is_refused(http: HttpClient) -> None:
    """A misspelt hole is found when the settings are read."""
    asks = {"Submit": {"operation": "Ask", "template": "<a>{kye}</a>"}}
    with pytest.raises(ValueError, match="kye"):
        client(http, TestDocument(), "http://127.0.0.1:9", asks=asks)
