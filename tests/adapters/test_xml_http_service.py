"""xml-http-service keeps the contract of a receiver, plain and with two-reference signatures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Inbound, Resources
from adapters.http import HttpClient
from adapters.xml_http_service import SPEC, XmlHttpService, XmlHttpServiceSettings
from lienthong.testing import NOW, ReceiverContract, fixed_clock, no_secrets, numbers
from signing.xml import parse, serialize
from signing.xmlsig.xmldsig import sign_two_reference, verify_enveloped
from tests import pki

CONTRACTS = Path(__file__).parent / "contracts"
NAME = "Trần Thị Bé"


def card(key: str = "key-0") -> bytes:
    """A document without signature."""
    return f'<CARD><FORM Id="Id-1"><KEY>{key}</KEY><NAME>{NAME}</NAME></FORM></CARD>'.encode()


class TestPlain(ReceiverContract):
    """An API key and plain documents."""

    spec = SPEC
    contracts = CONTRACTS
    secrets = {"k": "s3cr3t-key"}  # noqa: RUF012

    def settings(self, url: str) -> dict[str, Any]:
        """One document."""
        reception = {"input": "CARD", "output": "RECEIPT", "xsd": "card.xsd", "key": "FORM/KEY"}
        return {"operations": {"Result": reception}, "key": "k"}

    def post(self, body: bytes) -> Inbound:
        """A request with the key."""
        return Inbound("POST", "/callback/bhxh", {"x-api-key": "s3cr3t-key"}, body)

    def inbound(self, number: int = 0) -> Inbound:
        """A card."""
        return self.post(card(f"key-{number}"))

    def invalid(self) -> Inbound:
        """A key that the pattern forbids."""
        return self.post(card("wrong"))

    def result(self) -> bytes:
        """A receipt."""
        return b"<RECEIPT><KEY>key-0</KEY><CODE>200</CODE></RECEIPT>"

    def test_key_of_the_sender_is_read(self, receiver: XmlHttpService) -> None:
        """The sender's own message id lets the hub recognise a repetition."""
        assert receiver.receive(self.inbound(7)).key == "key-7"

    def test_wrong_key_is_forbidden(self, receiver: XmlHttpService) -> None:
        """Without the key nothing is parsed."""
        inbound = dataclasses.replace(self.inbound(), headers={}, body=b"<broken")
        assert self._refusal(receiver, inbound).reason == "forbidden"

    def test_get_is_refused(self, receiver: XmlHttpService) -> None:
        """Documents are posted."""
        assert (
            self._refusal(receiver, dataclasses.replace(self.inbound(), method="GET")).reason == "malformed"
        )

    def test_refusal_is_bilingual(self, receiver: XmlHttpService) -> None:
        """The reason is for machines, the texts are for people."""
        refused = self._refusal(receiver, self.invalid())
        root = parse(receiver.refuse(self.invalid(), refused).body)
        assert root.findtext("{*}Reason") == "invalid"
        assert "Dữ liệu không hợp lệ" in (root.findtext("{*}Text") or "")

    def test_answer_that_breaks_the_contract_never_leaves(self, receiver: XmlHttpService) -> None:
        """The hub's own mistake is found here."""
        with pytest.raises(ValueError, match="breaks the contract"):
            receiver.answer(receiver.receive(self.inbound()), b"<RECEIPT/>")


class TestTwoReference(TestPlain):
    """The profile of the insurance gateway; the answer is signed enveloped."""

    def settings(self, url: str) -> dict[str, Any]:
        """Verified documents, signed answers."""
        settings = super().settings(url)
        profile = {"kind": "two-reference", "document": "FORM", "holder": "SIGN"}
        settings["operations"]["Result"].update(signature=profile, sign_answer={"kind": "enveloped"})
        return settings

    def trust(self) -> Any:
        """The agency."""
        return pki.trust("bhxh")

    def signer(self) -> Any:
        """The hub."""
        return pki.signer("hub")

    def signed(self, body: bytes) -> Inbound:
        """A signed document."""
        root = parse(body)
        sign_two_reference(root, pki.signer("bhxh"), payload="FORM", holder="SIGN", at=NOW)
        return self.post(serialize(root))

    def inbound(self, number: int = 0) -> Inbound:
        """A signed card."""
        return self.signed(card(f"key-{number}"))

    def invalid(self) -> Inbound:
        """Signed, and wrong."""
        return self.signed(card("wrong"))

    def unsigned(self) -> Inbound:
        """A plain card."""
        return super().inbound()

    def tampered(self) -> Inbound:
        """Another name than was signed."""
        inbound = self.inbound()
        return dataclasses.replace(inbound, body=inbound.body.replace("Bé".encode(), "Béo".encode()))

    def test_payload_keeps_the_envelope(self, receiver: XmlHttpService) -> None:
        """Mappings start from the root that the schema describes, filled from what was signed."""
        root = parse(receiver.receive(self.inbound()).payload)
        assert (root.tag, root.findtext("FORM/NAME"), [child.tag for child in root]) == (
            "CARD",
            NAME,
            ["FORM", "SIGN"],
        )

    def test_answer_is_signed(self, receiver: XmlHttpService) -> None:
        """The agency can prove what the hub answered."""
        answer = receiver.answer(receiver.receive(self.inbound()), self.result())
        assert verify_enveloped(parse(answer.body), pki.trust("hub"), NOW).partner == "hub"


def build(**operations: dict[str, Any]) -> XmlHttpService:
    """A service with the given operations."""
    lent = Resources(HttpClient(clock=fixed_clock), CONTRACTS, fixed_clock, numbers(), no_secrets)
    return XmlHttpService(XmlHttpServiceSettings.model_validate({"operations": operations}), lent)


def test_operation_without_answer_is_acknowledged_with_nothing() -> None:
    """An empty 204 where the contract has no answer."""
    receiver = build(Result={"input": "CARD", "xsd": "card.xsd"})
    received = receiver.receive(Inbound("POST", "/", {}, card()))
    assert receiver.answer(received, b"").status == 204


def test_two_operations_of_one_document_are_refused() -> None:
    """They could not be told apart."""
    with pytest.raises(ValueError, match="told apart"):
        build(One={"input": "CARD", "xsd": "card.xsd"}, Two={"input": "CARD", "xsd": "card.xsd"})
