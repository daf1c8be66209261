"""The loopback adapters keep the contracts, and do what their rules say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from adapters import errors
from adapters.base import Answer, Inbound, Request, Resources
from adapters.http import HttpClient
from adapters.loopback import RECEIVER, SPEC, Loopback, LoopbackSettings
from lienthong.testing import AdapterContract, Heard, ReceiverContract, fixed_clock, no_secrets, numbers


class TestLoopback(AdapterContract):
    """The sender keeps its promises."""

    spec = SPEC

    def settings(self, url: str) -> dict[str, Any]:
        """One kind of document is echoed."""
        return {"root": "note"}

    def request(self, number: int = 0) -> Request:
        """A note with its key in it."""
        return Request("Echo", b"<note>key-%d</note>" % number, f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """Never asked."""
        return Answer(200, b"", "text/xml")


class TestLoopbackReceiver(ReceiverContract):
    """The receiver keeps its promises."""

    spec = RECEIVER
    secrets = {"portal-key": "s3cr3t-portal"}  # noqa: RUF012 - a constant of the suite

    def settings(self, url: str) -> dict[str, Any]:
        """Notes are received from whoever knows the key."""
        return {"operations": {"note": "Note"}, "key": "portal-key"}

    def inbound(self, number: int = 0) -> Inbound:
        """A note."""
        body = b'<note id="n%d">hello</note>' % number
        return Inbound("POST", "/", {"x-api-key": "s3cr3t-portal"}, body)

    def invalid(self) -> Inbound:
        """An empty note."""
        return dataclasses.replace(self.inbound(), body=b"<note/>")

    def result(self) -> bytes:
        """A small answer."""
        return b"<ok/>"

    def test_wrong_key_is_forbidden(self, receiver: Any) -> None:
        """Without the key nothing is read, not even to say what is wrong with it."""
        refused = self._refusal(receiver, dataclasses.replace(self.inbound(), headers={}, body=b"<broken"))
        assert refused.reason == "forbidden"


def loopback(*rules: dict[str, Any]) -> Loopback:
    """A loopback with the given rules."""
    lent = Resources(HttpClient(clock=fixed_clock), SPEC_FOLDER, fixed_clock, numbers(), no_secrets)
    return Loopback(LoopbackSettings.model_validate({"rules": rules}), lent)


SPEC_FOLDER = TestLoopback.contracts
NOTE = Request("Echo", b"<note>hello</note>", "key")


@pytest.mark.parametrize(
    "kind", ["unavailable", "throttled", "ambiguous", "unauthorized", "rejected", "malformed"]
)
async def test_rule_raises_the_class_it_names(kind: str) -> None:
    """Every class of error can be rehearsed."""
    sender = loopback({"answer": "error", "error": kind})
    with pytest.raises(errors.AdapterError) as caught:
        await sender.send(sender.encode(NOTE))
    assert type(caught.value).__name__.lower() == kind


async def test_rule_applies_as_often_as_it_says() -> None:
    """The first send fails, the second is answered: a retry can be rehearsed."""
    sender = loopback(
        {"answer": "error", "error": "unavailable", "times": 1}, {"answer": "document", "document": "<a/>"}
    )
    wire = sender.encode(NOTE)
    with pytest.raises(errors.Unavailable):
        await sender.send(wire)
    assert b"<a/>" in (await sender.send(wire)).payload


async def test_rule_fits_by_operation_and_content() -> None:
    """A rule for something else does not apply."""
    sender = loopback({"operation": "Other", "answer": "error"}, {"contains": "goodbye", "answer": "error"})
    assert (await sender.send(sender.encode(NOTE))).payload == NOTE.payload


async def test_unreadable_document_of_a_rule_is_malformed() -> None:
    """A rule can rehearse a broken answer."""
    sender = loopback({"answer": "document", "document": "<broken"})
    with pytest.raises(errors.Malformed):
        await sender.send(sender.encode(NOTE))
