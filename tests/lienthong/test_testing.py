"""The contract suite finds what it is there to find: for each promise an adapter that breaks it is caught."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from adapters.base import (
    Answer,
    CheckReport,
    Features,
    Inbound,
    Received,
    Reply,
    Request,
    Resources,
    Settings,
    Spec,
    Wire,
)
from adapters.errors import Unavailable
from adapters.http import HttpClient
from lienthong import testing
from lienthong.testing import AdapterContract, Heard, ReceiverContract, fixed_clock

SECRET = "s3cr3t"


class NoSettings(Settings):
    """Nothing to set."""


class Good:
    """A sender that keeps its promises; the bad ones below break one each."""

    features = Features(network=False)

    def __init__(self, settings: Settings, resources: Resources) -> None:
        self.resources = resources

    def encode(self, request: Request) -> Wire:
        """The payload, if it is the one document of the one operation."""
        if request.operation != "Echo":
            raise ValueError(f"no operation {request.operation}")
        if not request.payload.startswith(b"<note>"):
            raise ValueError("the payload is no note")
        return Wire("Echo", request.key, "good:", request.payload)

    async def send(self, wire: Wire) -> Reply:
        """The same."""
        return Reply(wire.operation, wire.body, wire.body)

    async def check(self) -> CheckReport:
        """Well."""
        return CheckReport(True, ("well",))

    async def close(self) -> None:
        """Nothing."""


class Leaks(Good):
    """Writes a secret into the wire."""

    def encode(self, request: Request) -> Wire:
        """With the password in it."""
        wire = super().encode(request)
        return dataclasses.replace(wire, headers={"Authorization": self.resources.secret("p")})


class Varies(Good):
    """Builds other bytes each time."""

    count = 0

    def encode(self, request: Request) -> Wire:
        """With a counter in it."""
        Varies.count += 1
        return dataclasses.replace(super().encode(request), url=f"bad:{Varies.count}")


class Lenient(Good):
    """Takes any operation and any payload."""

    def encode(self, request: Request) -> Wire:
        """Whatever it is."""
        return Wire(request.operation, request.key, "bad:", request.payload)


class Mixes(Good):
    """Gives everybody the first answer."""

    first: Reply | None = None

    async def send(self, wire: Wire) -> Reply:
        """The first one."""
        self.first = self.first or await super().send(wire)
        return self.first


class Raises(Good):
    """Fails in its connection test."""

    async def check(self) -> CheckReport:
        """Not well."""
        raise Unavailable("not well")


class ClosesOnce(Good):
    """Cannot be closed twice."""

    closed = False

    async def close(self) -> None:
        """Once."""
        assert not self.closed
        self.closed = True


class Forgets(Good):
    """Claims a signature that it does not write."""

    features = Features(network=False, signs=True, verifies=True)


def suite(sender: type[Good]) -> AdapterContract:
    """The suite for a sender."""

    class Suite(AdapterContract):
        spec = Spec("x", "send", "A sender.", NoSettings, sender, Features(signs=True, verifies=True))
        secrets = {"p": SECRET}  # noqa: RUF012

        def settings(self, url: str) -> dict[str, Any]:
            return {}

        def request(self, number: int = 0) -> Request:
            return Request("Echo", b"<note>key-%d</note>" % number, f"key-{number}")

        def agency(self, heard: Heard) -> Answer:
            return Answer(200, b"", "text/plain")

        def unsigned(self, heard: Heard) -> Answer:
            return Answer(200, b"<note/>", "text/xml")

    return Suite()


async def run(contract: AdapterContract, test: str, **extra: Any) -> None:
    """One test of the suite, outside pytest's collection."""
    http = HttpClient(clock=fixed_clock)
    function: Callable[..., Any] = getattr(contract, test)
    wanted = inspect.signature(function).parameters
    offered = {"http": http, "sender": contract.build("", http), **extra}
    result = function(**{name: offered[name] for name in wanted})
    if inspect.isawaitable(result):
        await result
    await http.close()


PROMISES = [
    (Leaks, "test_wire_holds_no_secret", {}),
    (Varies, "test_encoding_is_repeatable", {}),
    (Lenient, "test_unknown_operation_is_refused", {}),
    (Lenient, "test_foreign_payload_is_refused", {"payload": b"<broken"}),
    (Mixes, "test_concurrent_exchanges_do_not_mix", {}),
    (Raises, "test_check_reports_and_never_raises", {}),
    (ClosesOnce, "test_close_twice", {}),
    (Forgets, "test_signed_if_claimed", {}),
    (Forgets, "test_exchange", {}),
    (Forgets, "test_unsigned_answer_is_malformed", {}),
]


@pytest.mark.parametrize(("sender", "test", "extra"), PROMISES)
async def test_broken_promise_is_found(sender: type[Good], test: str, extra: dict[str, Any]) -> None:
    """The suite fails for the sender that breaks it …"""
    with pytest.raises((AssertionError, pytest.fail.Exception, Unavailable)):
        await run(suite(sender), test, **extra)


@pytest.mark.parametrize(
    ("test", "extra"), [(test, extra) for sender, test, extra in PROMISES if sender is not Forgets]
)
async def test_kept_promise_passes(test: str, extra: dict[str, Any]) -> None:
    """… and passes for the one that keeps it."""
    await run(suite(Good), test, **extra)


class OpenDoor:
    """A receiver that takes anything and says everything."""

    features = Features(network=False, verifies=True)

    def __init__(self, settings: Settings, resources: Resources) -> None:
        pass

    def receive(self, inbound: Inbound) -> Received:
        """Whatever it is."""
        return Received("Any", b"<a/>", signer="somebody")

    def answer(self, received: Received, payload: bytes) -> Answer:
        """Not even a success."""
        return Answer(500, payload, "text/xml")

    def refuse(self, inbound: Inbound, error: Exception) -> Answer:
        """All of it."""
        return Answer(500, repr(error).encode(), "text/plain")

    def documents(self, base_url: str) -> dict[str, tuple[str, bytes]]:
        """Something else."""
        return {"wsdl": ("text/html", b"<a/>")}


class Door(ReceiverContract):
    """The suite for the open door; not collected, because its name does not begin with Test."""

    spec = Spec("door", "receive", "A receiver.", NoSettings, OpenDoor, OpenDoor.features)

    def settings(self, url: str) -> dict[str, Any]:
        """None."""
        return {}

    def inbound(self, number: int = 0) -> Inbound:
        """Any."""
        return Inbound("POST", "/", {}, b"<n>%d</n>" % number)

    invalid = unsigned = tampered = inbound

    def result(self) -> bytes:
        """Any."""
        return b"<a/>"


@pytest.mark.parametrize(
    ("test", "extra"),
    [
        ("test_message_is_received", {}),
        ("test_foreign_message_is_refused", {"body": b"<broken"}),
        ("test_doctype_is_refused", {}),
        ("test_invalid_message_is_refused", {}),
        ("test_unsigned_message_is_refused", {}),
        ("test_answer_carries_the_result", {}),
        ("test_our_own_failure_leaks_nothing", {}),
        ("test_published_documents_are_readable", {}),
    ],
)
def test_open_door_is_found(test: str, extra: dict[str, Any]) -> None:
    """A receiver that takes anything fails every promise."""
    contract = Door()
    receiver = contract.build("", HttpClient(clock=fixed_clock))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(contract, test)(receiver, **extra)


def test_every_promise_of_the_suite_is_tried_here_or_needs_a_network() -> None:
    """A promise that nothing can break is no promise."""
    tried = {test for _, test, _ in PROMISES}
    declared = {name for name in vars(AdapterContract) if name.startswith("test_")}
    elsewhere = {
        "test_it_is_a_sender",
        "test_unreachable_agency_is_unavailable",
        "test_unusable_answer_has_a_class",
        "test_answer_to_another_operation_is_malformed",
        "test_asking",
    }
    assert declared == tried | elsewhere


def test_public_names() -> None:
    """What plug-ins import exists."""
    assert all(hasattr(testing, name) for name in testing.__all__)
