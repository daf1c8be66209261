"""soap-service keeps the contract of a receiver, speaks both versions of SOAP, and serves a client we
did not write.
"""

from __future__ import annotations

import dataclasses
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from suds.client import Client  # type: ignore[import-untyped]
from suds.transport import Reply as SudsReply  # type: ignore[import-untyped]
from suds.transport import Transport

from adapters import addressing, faults, soap
from adapters.base import Inbound, Resources
from adapters.errors import Refused
from adapters.http import HttpClient
from adapters.soap_service import SPEC, SoapService, SoapServiceSettings
from lienthong.testing import NOW, ReceiverContract, fixed_clock, no_secrets, numbers
from signing.xml import parse, serialize
from signing.xmlsig.wss import sign_envelope, verify_envelope
from signing.xmlsig.xmldsig import sign_enveloped
from tests import pki

CONTRACTS = Path(__file__).parent / "contracts"
NOTE = "urn:test:note:1.0"


def note(name: str, key: str, tag: str = "Text", text: str = "Xin chào") -> etree._Element:
    """A document of the note schema."""
    root = etree.Element(f"{{{NOTE}}}{name}", nsmap={"n": NOTE})
    etree.SubElement(root, f"{{{NOTE}}}Key").text = key
    if text:
        etree.SubElement(root, f"{{{NOTE}}}{tag}").text = text
    return root


def post(envelope: etree._Element, version: soap.Version = "1.1", action: str = f"{NOTE}/Submit") -> Inbound:
    """A request as the web server hands it over."""
    headers = {name.lower(): value for name, value in soap.request_headers(version, action).items()}
    return Inbound("POST", "/soap/notes", headers, serialize(envelope))


class TestPlain(ReceiverContract):
    """No signature, an API key."""

    spec = SPEC
    contracts = CONTRACTS
    secrets = {"k": "s3cr3t-key"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """Both versions."""
        return {"wsdl": "note.wsdl", "port": "Soap11", "key": "k"}

    def keyed(self, inbound: Inbound) -> Inbound:
        """The request with the key."""
        return dataclasses.replace(inbound, headers={**inbound.headers, "x-api-key": "s3cr3t-key"})

    def inbound(self, number: int = 0) -> Inbound:
        """A note in SOAP 1.1."""
        return self.keyed(post(soap.build("1.1", note("Note", f"key-{number}"))))

    def invalid(self) -> Inbound:
        """A key that the pattern forbids."""
        return self.keyed(post(soap.build("1.1", note("Note", "Nguyễn"))))

    def result(self) -> bytes:
        """A receipt."""
        return serialize(note("Receipt", "key-0"))

    def test_wrong_key_is_forbidden(self, receiver: SoapService) -> None:
        """Without the key the message is not even parsed."""
        refused = self._refusal(receiver, dataclasses.replace(post(soap.build("1.1", None)), body=b"<broken"))
        assert refused.reason == "forbidden"


class TestEnveloped(TestPlain):
    """A signature inside the document, and inside the answer."""

    def settings(self, url: str) -> dict[str, Any]:
        """Enveloped both ways."""
        return {**super().settings(url), "security": "enveloped", "sign_answer": "enveloped"}

    def trust(self) -> Any:
        """Two agencies may send."""
        return pki.trust("cutru", "bhxh")

    def signer(self) -> Any:
        """The hub."""
        return pki.signer("hub")

    def signed(self, document: etree._Element) -> Inbound:
        """A request whose document is signed."""
        sign_enveloped(document, pki.signer("cutru"))
        return self.keyed(post(soap.build("1.1", document)))

    def inbound(self, number: int = 0) -> Inbound:
        """A signed note."""
        return self.signed(note("Note", f"key-{number}"))

    def invalid(self) -> Inbound:
        """Signed, and wrong."""
        return self.signed(note("Note", "Nguyễn"))

    def unsigned(self) -> Inbound:
        """A plain note."""
        return super().inbound()

    def tampered(self) -> Inbound:
        """Another text than was signed."""
        inbound = self.inbound()
        return dataclasses.replace(inbound, body=inbound.body.replace("Xin chào".encode(), b"Xin loi"))


class TestWsSecurity(TestEnveloped):
    """WS-Security and WS-Addressing, SOAP 1.2."""

    def settings(self, url: str) -> dict[str, Any]:
        """WS-Security both ways."""
        profile = {"security": "wss-x509", "sign_answer": "wss-x509", "addressing": True}
        return {**super().settings(url), **profile}

    def envelope(self, document: etree._Element) -> etree._Element:
        """A SOAP 1.2 message with addressing."""
        properties = addressing.Addressing(
            f"{NOTE}/submit", "urn:uuid:m1", "http://hub/soap/notes", addressing.ANONYMOUS
        )
        return soap.build("1.2", document, addressing.headers(properties))

    def signed(self, document: etree._Element) -> Inbound:
        """A request whose envelope is signed."""
        envelope = self.envelope(document)
        ttl = timedelta(minutes=5)
        sign_envelope(envelope, pki.signer("cutru"), created=NOW, ttl=ttl, new_id=numbers())
        return self.keyed(post(envelope, "1.2"))

    def unsigned(self) -> Inbound:
        """Without Security header."""
        return self.keyed(post(self.envelope(note("Note", "key-0")), "1.2"))

    def test_answer_is_signed_and_related(self, receiver: SoapService) -> None:
        """The answer names the request in RelatesTo, and all of it is signed; the key is the message id."""
        received = receiver.receive(self.inbound())
        assert received.key == "urn:uuid:m1"
        answer = receiver.answer(received, self.result())
        verified = verify_envelope(parse(answer.body), pki.trust("hub"), NOW)
        properties = addressing.read(verified.headers.values())
        assert (properties.relates_to, properties.action) == ("urn:uuid:m1", f"{NOTE}/receipt")

    def test_fault_is_related(self, receiver: SoapService) -> None:
        """A fault says to which message it belongs (WS-Addressing SOAP Binding §6)."""
        inbound = self.unsigned()
        with pytest.raises(Refused) as caught:
            receiver.receive(inbound)
        envelope = soap.read(parse(receiver.refuse(inbound, caught.value).body))
        assert addressing.read(envelope.headers()).relates_to == "urn:uuid:m1"
        fault = faults.fault_in(envelope)
        assert fault is not None
        assert fault.about_identity()


class TestKeyIdentifier(TestWsSecurity):
    """The same for agencies that have our certificate, and want it named only."""

    def settings(self, url: str) -> dict[str, Any]:
        """The identifier instead of the certificate."""
        return {**super().settings(url), "key_reference": "subject-key-identifier"}

    def test_our_certificate_does_not_travel(self, receiver: SoapService) -> None:
        """The answer names the key that signed it."""
        answer = receiver.answer(receiver.receive(self.inbound()), self.result())
        assert b"X509SubjectKeyIdentifier" in answer.body
        assert b"BinarySecurityToken" not in answer.body


# ---------------------------------------------------------------------------- beyond the contract suite


def service(**changes: Any) -> SoapService:
    """A service without signatures."""
    lent = Resources(HttpClient(clock=fixed_clock), CONTRACTS, fixed_clock, numbers(), no_secrets)
    settings = {"wsdl": "note.wsdl", "port": "Soap11", **changes}
    return SoapService(SoapServiceSettings.model_validate(settings), lent)


def fault_for(
    inbound: Inbound, receiver: SoapService | None = None
) -> tuple[int, soap.Envelope, faults.Fault]:
    """What the sender of ``inbound`` gets: status, envelope, fault."""
    receiver = receiver or service()
    with pytest.raises(Refused) as caught:
        receiver.receive(inbound)
    answer = receiver.refuse(inbound, caught.value)
    envelope = soap.read(parse(answer.body))
    fault = faults.fault_in(envelope)
    assert fault is not None
    return answer.status, envelope, fault


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_both_versions_on_one_address(version: soap.Version) -> None:
    """The answer comes in the version of the question."""
    receiver = service()
    received = receiver.receive(post(soap.build(version, note("Note", "key-1")), version))
    answer = receiver.answer(received, serialize(note("Receipt", "key-1")))
    assert soap.read(parse(answer.body)).version == version
    assert answer.content_type == soap.answer_type(version)


@pytest.mark.parametrize(("version", "status", "kind"), [("1.1", 500, "Client"), ("1.2", 400, "Sender")])
def test_fault_is_that_of_the_version(version: soap.Version, status: int, kind: str) -> None:
    """Code and HTTP status follow the standard of the request's version; the text is in both languages."""
    got, envelope, fault = fault_for(post(soap.build(version, note("Note", "wrong")), version))
    assert (got, envelope.version) == (status, version)
    assert fault.codes[0].endswith(kind)
    assert "Dữ liệu không hợp lệ" in fault.reason


def test_third_version_is_a_mismatch() -> None:
    """An unknown envelope namespace is VersionMismatch, with what we speak (SOAP 1.2 §5.4.7)."""
    inbound = Inbound(
        "POST", "/", {"content-type": "application/soap+xml"}, b'<e:Envelope xmlns:e="urn:soap:3"/>'
    )
    _, envelope, fault = fault_for(inbound)
    assert fault.kind == "version-mismatch"
    assert [block.tag for block in envelope.headers()] == [f"{{{soap.SOAP_12}}}Upgrade"]


def test_version_that_is_switched_off_is_a_mismatch() -> None:
    """A service may take one version only."""
    inbound = post(soap.build("1.1", note("Note", "key-1")))
    assert fault_for(inbound, service(versions=["1.2"]))[2].kind == "version-mismatch"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_header_that_must_be_understood(version: soap.Version) -> None:
    """An unknown mandatory header is MustUnderstand, and 1.2 names it (§5.4.8)."""
    block = etree.Element("{urn:x}Strange")
    block.set(f"{{{soap.NAMESPACE[version]}}}mustUnderstand", "1")
    _, envelope, fault = fault_for(post(soap.build(version, note("Note", "key-1"), [block]), version))
    assert fault.kind == "must-understand"
    assert len(list(envelope.headers())) == (1 if version == "1.2" else 0)


def test_header_for_somebody_else_is_passed_over() -> None:
    """A mandatory header for another role is not ours to understand."""
    block = etree.Element("{urn:x}Strange")
    block.set(f"{{{soap.SOAP_11}}}mustUnderstand", "1")
    block.set(f"{{{soap.SOAP_11}}}actor", "urn:somebody")
    assert service().receive(post(soap.build("1.1", note("Note", "key-1"), [block]))).operation == "Submit"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "GET"}, "malformed"),
        ({"headers": {"content-type": "application/json"}}, "malformed"),
        ({"headers": {"content-type": "text/xml; charset=latin1"}}, "malformed"),
        ({"headers": {"content-type": "application/soap+xml"}}, "malformed"),
        ({"headers": {"content-type": "text/xml", "soapaction": '"urn:other"'}}, "malformed"),
        ({"body": b" " * 2000}, "too-large"),
    ],
)
def test_wrong_request_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Method, media type, charset, version, action and size are checked, and every refusal can be said
    in SOAP.
    """
    inbound = dataclasses.replace(post(soap.build("1.1", note("Note", "key-1"))), **changes)
    receiver = service(size_limit=1000)
    with pytest.raises(Refused) as caught:
        receiver.receive(inbound)
    assert caught.value.reason == reason
    assert faults.fault_in(soap.read(parse(receiver.refuse(inbound, caught.value).body))) is not None


def test_reply_elsewhere_is_refused() -> None:
    """The hub posts to no address that a message names."""
    block = addressing.headers(addressing.Addressing("a", "m", reply_to="http://evil.example/"))
    fault = fault_for(post(soap.build("1.1", note("Note", "key-1"), block)))[2]
    assert fault.codes[0] == f"{{{addressing.WSA}}}OnlyAnonymousAddressSupported"


@pytest.mark.parametrize(
    ("to", "address", "ours"),
    [
        ("https://hub.test/soap/notes", None, True),
        (addressing.ANONYMOUS, None, True),
        ("https://hub.test/soap/other", None, False),
        ("urn:notes", None, False),
        ("http://[", None, False),
        ("urn:notes", "urn:notes", True),
        ("https://hub.test/soap/notes", "urn:notes", False),
    ],
)
def test_message_for_another_service_is_refused(to: str, address: str | None, ours: bool) -> None:
    """What was sent, and signed, for somebody else does not count here."""
    receiver = service(address=address)
    inbound = post(soap.build("1.1", note("Note", "key-0"), addressing.headers(addressing.Addressing(to=to))))
    if ours:
        assert receiver.receive(inbound).operation == "Submit"
        return
    with pytest.raises(Refused, match="another service"):
        receiver.receive(inbound)


def test_two_message_ids_are_refused() -> None:
    """Two readers would read two different messages."""
    blocks = [addressing.headers(addressing.Addressing(message_id=name))[0] for name in "ab"]
    fault = fault_for(post(soap.build("1.1", note("Note", "key-1"), blocks)))[2]
    assert "more than once" in fault.reason


def test_one_way_operation_is_acknowledged_with_nothing() -> None:
    """Where the contract has no output, the answer is an empty 202."""
    receiver = service()
    received = receiver.receive(
        post(soap.build("1.1", note("Ping", "key-1", text="")), action=f"{NOTE}/Notify")
    )
    assert (received.operation, receiver.answer(received, b"<ignored/>").status) == ("Notify", 202)


def test_answer_that_breaks_the_contract_never_leaves() -> None:
    """The hub's own mistake is found here, not at the agency."""
    receiver = service()
    received = receiver.receive(post(soap.build("1.1", note("Note", "key-1"))))
    with pytest.raises(ValueError, match="contract"):
        receiver.answer(received, serialize(note("State", "key-1")))


class InProcess(Transport):  # type: ignore[misc]
    """Carries suds' requests to the receiver without a socket."""

    def __init__(self, receiver: SoapService, url: str) -> None:
        super().__init__()
        self.receiver = receiver
        self.documents = {f"{url}?{query}": data for query, (_, data) in receiver.documents(url).items()}

    def open(self, request: Any) -> Any:
        """A published document."""
        return io.BytesIO(self.documents[request.url])

    def send(self, request: Any) -> Any:
        """A SOAP request."""
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        inbound = Inbound("POST", "/", headers, request.message)
        received = self.receiver.receive(inbound)
        key = parse(received.payload).findtext("{*}Key") or ""
        answer = self.receiver.answer(received, serialize(note("Receipt", key)))
        return SudsReply(answer.status, {}, answer.body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def test_a_client_we_did_not_write(tmp_path: Path) -> None:
    """suds reads the published WSDL and schemas, sends to the published address and understands the
    answer.
    """
    url = "http://hub.example/soap/notes"
    transport = InProcess(service(), url)
    assert all(b"note.xsd" not in data or b"?xsd=note.xsd" in data for data in transport.documents.values())
    client = Client(f"{url}?wsdl", transport=transport, cache=None, port="Soap11")
    receipt = client.service.Submit("key-7", "Xin chào")
    assert (receipt.Key, receipt.Text) == ("key-7", "Xin chào")
