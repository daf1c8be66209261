"""The promises of `adapters.base` as tests: subclass these in a plug-in, as the adapters of this
repository do.

::

    class TestFolder(AdapterContract):
        spec = SPEC

        def settings(self, url: str) -> dict[str, Any]: ...
        def request(self) -> Request: ...
        def agency(self, heard: Heard) -> Answer: ...

What an adapter claims in its `Features` is tested; what it does not claim is skipped. Nothing here sleeps: a
slow agency is one that never answers, and the adapter's own time-out ends the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pydantic
import pytest

from adapters.base import (
    Answer,
    Asks,
    CheckReport,
    Inbound,
    Receiver,
    Reply,
    Request,
    Resources,
    Sender,
    Spec,
    Wire,
)
from adapters.errors import AdapterError, Malformed, Refused, Unavailable
from adapters.http import HttpClient
from lienthong.fake_agency import (
    NOW,
    UNUSABLE,
    Behaviour,
    FakeAgency,
    Heard,
    Said,
    fixed_clock,
    no_secrets,
    nowhere,
    numbers,
)
from signing.keys import Signer
from signing.trust import Trust
from signing.xml import parse

__all__ = [
    "NOW",
    "AdapterContract",
    "FakeAgency",
    "Heard",
    "ReceiverContract",
    "fixed_clock",
    "no_secrets",
    "numbers",
]


class _Contract:
    """What both suites need to build an adapter."""

    spec: ClassVar[Spec]
    contracts: ClassVar[Path] = Path("xsd")
    secrets: ClassVar[Mapping[str, str]] = {}

    def settings(self, url: str) -> Mapping[str, Any]:
        """Settings of the adapter, its agency being at ``url``."""
        raise AssertionError("say how the adapter is set up")

    def signer(self) -> Signer | None:
        """The hub's key, if the settings make the adapter sign."""
        return None

    def trust(self) -> Trust | None:
        """Whom the hub trusts, if the settings make the adapter verify."""
        return None

    def build(self, url: str, http: HttpClient, **changes: Any) -> Any:
        """The adapter, with ``changes`` to its settings, a clock that stands still, counted identifiers
        and the secrets of this class.
        """
        lent = Resources(
            http=http,
            contracts=self.contracts,
            clock=fixed_clock,
            new_id=numbers(),
            secret=self.secrets.__getitem__,
            signer=self.signer(),
            trust=self.trust(),
        )
        return self.spec.build(self.spec.settings.model_validate({**self.settings(url), **changes}), lent)

    def _assert_no_secret(self, *texts: object) -> None:
        shown = " ".join(text.decode("latin-1") if isinstance(text, bytes) else str(text) for text in texts)
        assert not [name for name, value in self.secrets.items() if value in shown]

    def test_declaration_is_complete(self) -> None:
        """Name, summary and a description of every setting exist: pages are made of them."""
        assert self.spec.name
        assert self.spec.summary.endswith(".")
        missing = [name for name, field in self.spec.settings.model_fields.items() if not field.description]
        assert missing == []

    def test_unknown_setting_is_refused(self) -> None:
        """A misspelt setting is an error, not a default."""
        with pytest.raises(pydantic.ValidationError):
            self.spec.settings.model_validate({**self.settings("http://127.0.0.1:9"), "mispelt": 1})


class AdapterContract(_Contract):
    """The promises of a `Sender`. A subclass says how the adapter is set up and what its agency answers."""

    patience: ClassVar[str] = "timeout_seconds"
    """The setting that bounds an exchange, in seconds."""

    def request(self, number: int = 0) -> Request:
        """A request that the contract allows; another ``number`` makes another key."""
        raise AssertionError("give a valid request")

    def agency(self, heard: Heard) -> Answer:
        """What a correct agency answers."""
        raise AssertionError("give the agency's answer")

    def wrong(self, heard: Heard) -> Answer | None:
        """A correct document of the same agency that answers another operation, if it has one."""
        return None

    def unsigned(self, heard: Heard) -> Answer:
        """The correct answer without the signature; needed if the adapter verifies."""
        raise AssertionError("the adapter verifies: give the answer without its signature")

    def prelude(self, heard: Heard) -> Answer | None:
        """The correct answer to what is not the message itself, such as a log-in; None for the message."""
        return None

    def carried(self, heard: Heard) -> bytes:
        """The bytes of the `Wire` inside what the agency heard."""
        return heard.body

    def belongs(self, request: Request, reply: Reply) -> bool:
        """Whether ``reply`` answers ``request``: the agency of the test puts the key into it."""
        return request.key.encode() in reply.body

    @pytest.fixture
    async def http(self) -> AsyncIterator[HttpClient]:
        """The HTTP client that is lent to the adapter."""
        client = HttpClient(clock=fixed_clock)
        yield client
        await client.close()

    @pytest.fixture
    async def sender(self, http: HttpClient) -> AsyncIterator[Sender]:
        """The adapter, of an agency that nobody can reach."""
        sender = self.build(nowhere(), http)
        yield sender
        await sender.close()

    @contextlib.asynccontextmanager
    async def _facing(
        self, http: HttpClient, behaviour: Behaviour, **changes: Any
    ) -> AsyncIterator[tuple[Sender, FakeAgency]]:
        async with FakeAgency(behaviour) as agency:
            sender = self.build(agency.url, http, **changes)
            yield sender, agency
            await sender.close()

    def _needs_network(self, sender: Sender) -> None:
        if not sender.features.network:
            pytest.skip("the adapter opens no sockets")

    async def _failure(self, sender: Sender, wire: Wire) -> AdapterError:
        with pytest.raises(AdapterError) as caught:
            await sender.send(wire)
        self._assert_no_secret(caught.value, caught.value.detail, caught.value.code)
        return caught.value

    def test_it_is_a_sender(self, sender: Sender) -> None:
        """It has the methods of a sender, and claims no more than its declaration."""
        assert isinstance(sender, Sender)
        for name, claimed in dataclasses.asdict(sender.features).items():
            assert getattr(self.spec.features, name) or not claimed

    async def test_encoding_is_repeatable(self, http: HttpClient) -> None:
        """With the same clock and identifiers, the same request becomes the same bytes."""
        one, two = (self.build("http://127.0.0.1:9", http).encode(self.request()) for _ in range(2))
        assert one == two
        assert (one.operation, one.key) == (self.request().operation, self.request().key)

    async def test_wire_holds_no_secret(self, sender: Sender) -> None:
        """What will be stored in the message log gives nothing away."""
        wire = sender.encode(self.request())
        self._assert_no_secret(wire.body, wire.url, *wire.headers.items())

    async def test_signed_if_claimed(self, sender: Sender) -> None:
        """A sender that claims to sign writes a signature."""
        if not sender.features.signs:
            pytest.skip("the adapter does not sign")
        assert b"SignatureValue" in sender.encode(self.request()).body

    async def test_unknown_operation_is_refused(self, sender: Sender) -> None:
        """An operation outside the contract never becomes bytes."""
        with pytest.raises(ValueError, match="NoSuchOperation"):
            sender.encode(dataclasses.replace(self.request(), operation="NoSuchOperation"))

    @pytest.mark.parametrize("payload", [b"", b"<broken", b"<!DOCTYPE a><a/>", b"<unheard-of/>"])
    async def test_foreign_payload_is_refused(self, sender: Sender, payload: bytes) -> None:
        """What is not the contract's document never becomes bytes."""
        with pytest.raises(ValueError, match="payload"):
            sender.encode(dataclasses.replace(self.request(), payload=payload))

    async def test_exchange(self, http: HttpClient) -> None:
        """The agency hears what was encoded; its document comes back, parseable, beside the bytes
        received.
        """
        async with self._facing(http, self.agency) as (sender, agency):
            wire = sender.encode(self.request())
            reply = await sender.send(wire)
            assert reply.operation == wire.operation
            assert parse(reply.payload).tag
            assert (reply.signer is not None) == sender.features.verifies
            if sender.features.network:
                assert self.carried(agency.heard[-1]) == wire.body

    async def test_concurrent_exchanges_do_not_mix(self, http: HttpClient) -> None:
        """Each of many simultaneous requests gets its own answer."""
        async with self._facing(http, self.agency) as (sender, _):
            requests = [self.request(number) for number in range(12)]
            replies = await asyncio.gather(*(sender.send(sender.encode(request)) for request in requests))
        assert all(self.belongs(request, reply) for request, reply in zip(requests, replies, strict=True))

    async def test_unreachable_agency_is_unavailable(self, sender: Sender) -> None:
        """Nothing was sent, so the message may be sent again without asking."""
        self._needs_network(sender)
        assert isinstance(await self._failure(sender, sender.encode(self.request())), Unavailable)

    @pytest.mark.parametrize("how", sorted(UNUSABLE))
    async def test_unusable_answer_has_a_class(self, http: HttpClient, how: str) -> None:
        """Whatever an agency says or does not say ends as the error that tells what to do next."""
        said, classes = UNUSABLE[how]

        def says(heard: Heard) -> Said:
            before = self.prelude(heard)
            return said if before is None else before

        impatient = {self.patience: 0.3} if said is None and self.spec.features.network else {}
        async with self._facing(http, says, **impatient) as (sender, _):
            self._needs_network(sender)
            failure = await self._failure(sender, sender.encode(self.request()))
        assert isinstance(failure, classes)
        if how in ("slow down", "come back"):
            assert isinstance(failure, Unavailable)
            assert failure.retry_after == 7

    async def test_answer_to_another_operation_is_malformed(self, http: HttpClient) -> None:
        """A valid document in the wrong place is not an answer."""
        if self.wrong(Heard("POST", "/", {}, b"")) is None:
            pytest.skip("the agency has one operation")
        async with self._facing(http, self.wrong) as (sender, _):
            assert isinstance(await self._failure(sender, sender.encode(self.request())), Malformed)

    async def test_unsigned_answer_is_malformed(self, http: HttpClient) -> None:
        """A sender that claims to verify gives back nothing that was not signed."""
        async with self._facing(http, lambda heard: self.unsigned(heard)) as (sender, _):
            if not sender.features.verifies:
                pytest.skip("the adapter does not verify")
            assert isinstance(await self._failure(sender, sender.encode(self.request())), Malformed)

    async def test_asking(self, sender: Sender) -> None:
        """A sender that can ask gives a question that it can encode, under the same key; None if there
        is none.
        """
        if not sender.features.asks:
            pytest.skip("the adapter does not ask")
        assert isinstance(sender, Asks)
        question = sender.ask(self.request())
        assert question is not None
        assert sender.encode(question).key == self.request().key
        assert sender.ask(dataclasses.replace(self.request(), operation="NoSuchOperation")) is None

    async def test_check_reports_and_never_raises(self, http: HttpClient, sender: Sender) -> None:
        """A connection test has an answer for every state of the agency."""
        reports = [await sender.check()]
        for behaviour in (self.agency, lambda _: b"", lambda _: Answer(500, b"", "text/plain")):
            async with self._facing(http, behaviour) as (facing, _):
                reports.append(await facing.check())
        assert all(isinstance(report, CheckReport) and report.lines for report in reports)
        assert reports[0].ok is not sender.features.network
        self._assert_no_secret(*(line for report in reports for line in report.lines))

    async def test_close_twice(self, sender: Sender) -> None:
        """Closing is idempotent."""
        await sender.close()
        await sender.close()


class ReceiverContract(_Contract):
    """The promises of a `Receiver`. A subclass says how it is set up and what a correct sender sends."""

    def inbound(self, number: int = 0) -> Inbound:
        """A correct message; another ``number`` makes another message."""
        raise AssertionError("give a valid message")

    def invalid(self) -> Inbound:
        """The same with a content that the schema forbids, signed if need be."""
        raise AssertionError("give a message that the schema forbids")

    def unsigned(self) -> Inbound:
        """The correct message without its signature; needed if the adapter verifies."""
        raise AssertionError("the adapter verifies: give a message without its signature")

    def tampered(self) -> Inbound:
        """The correct message with a value changed after it was signed; needed if the adapter verifies."""
        raise AssertionError("the adapter verifies: give a message that was changed")

    def result(self) -> bytes:
        """A document with which the hub may answer."""
        raise AssertionError("give the hub's answer")

    @pytest.fixture
    def receiver(self) -> Receiver:
        """The adapter."""
        built = self.build("http://127.0.0.1:9", HttpClient(clock=fixed_clock))
        assert isinstance(built, Receiver)
        return built

    def _refusal(self, receiver: Receiver, inbound: Inbound) -> Refused:
        with pytest.raises(Refused) as caught:
            receiver.receive(inbound)
        answer = receiver.refuse(inbound, caught.value)
        assert answer.status >= 400
        assert answer.body
        self._assert_no_secret(caught.value.detail, answer.body)
        return caught.value

    def test_message_is_received(self, receiver: Receiver) -> None:
        """A correct message gives its operation and a payload that can be parsed; the same each time."""
        received = receiver.receive(self.inbound())
        assert received.operation
        assert parse(received.payload).tag
        assert (received.signer is not None) == receiver.features.verifies
        assert receiver.receive(self.inbound()) == received
        assert receiver.receive(self.inbound(1)) != received

    @pytest.mark.parametrize("body", [b"", b"<broken", b"<a/>", b"\xff\xfe\x00", b"<!DOCTYPE a []><a/>"])
    def test_foreign_message_is_refused(self, receiver: Receiver, body: bytes) -> None:
        """What is not a message of the contract is malformed, and can be answered."""
        refused = self._refusal(receiver, dataclasses.replace(self.inbound(), body=body))
        assert refused.reason in ("malformed", "unsigned", "unknown-operation")

    def test_doctype_is_refused(self, receiver: Receiver) -> None:
        """A document type in front of a correct message is refused before anything else is looked at."""
        body = self.inbound().body
        start = body.index(b"?>") + 2 if body.startswith(b"<?xml") else 0
        body = body[:start] + b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + body[start:]
        assert self._refusal(receiver, dataclasses.replace(self.inbound(), body=body)).reason == "malformed"

    def test_invalid_message_is_refused(self, receiver: Receiver) -> None:
        """A message that fails its schema is refused as invalid."""
        assert self._refusal(receiver, self.invalid()).reason == "invalid"

    def test_unsigned_message_is_refused(self, receiver: Receiver) -> None:
        """A receiver that claims to verify takes nothing unsigned or changed."""
        if not receiver.features.verifies:
            pytest.skip("the adapter does not verify")
        assert self._refusal(receiver, self.unsigned()).reason in ("unsigned", "untrusted")
        assert self._refusal(receiver, self.tampered()).reason == "untrusted"

    def test_answer_carries_the_result(self, receiver: Receiver) -> None:
        """The hub's document goes back in the protocol's form, as a success."""
        answer = receiver.answer(receiver.receive(self.inbound()), self.result())
        assert answer.status == 200
        assert parse(answer.body).tag

    def test_our_own_failure_leaks_nothing(self, receiver: Receiver) -> None:
        """An unexpected error is answered without its text, even to a message that cannot be read."""
        for body in (self.inbound().body, b"<broken"):
            inbound = dataclasses.replace(self.inbound(), body=body)
            answer = receiver.refuse(inbound, RuntimeError("password of /srv/hub"))
            assert answer.status >= 500
            assert b"password" not in answer.body

    def test_published_documents_are_readable(self, receiver: Receiver) -> None:
        """Every published document is XML."""
        for content_type, data in receiver.documents("https://hub.example/soap").values():
            assert "xml" in content_type
            assert parse(data).tag
