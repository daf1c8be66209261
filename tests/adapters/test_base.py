"""What an adapter is."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import ValidationError

from adapters.base import Asks, Receiver, Request, Sender, Settings
from adapters.loopback import Loopback, LoopbackReceiver


class Place(Settings):
    """Settings of an adapter for the test."""

    address: str


def test_settings_refuse_what_they_do_not_know() -> None:
    """A key that does not exist is a typing error, not a setting."""
    with pytest.raises(ValidationError):
        Place.model_validate({"address": "x", "adress": "y"})


def test_settings_do_not_change() -> None:
    """Settings are fixed once they are read."""
    with pytest.raises(ValidationError):
        Place(address="x").address = "y"


def test_requests_do_not_change() -> None:
    """A request is the same for every attempt."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Request("submit", b"<x/>", "k").key = "other"  # type: ignore[misc]


def test_powers_are_told_apart() -> None:
    """A sender sends, a receiver receives, and asking is a power of its own."""
    sender, receiver = object.__new__(Loopback), object.__new__(LoopbackReceiver)
    assert isinstance(sender, Sender)
    assert isinstance(receiver, Receiver)
    assert not isinstance(sender, Receiver | Asks)
