"""The way of a step and the copies of its result, as people see them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from broker.model import Delivery, DeliveryKind, DeliveryState, Step, Transition
from broker.model import StepState as S
from broker.receipts import copies, hops
from tests.clock import START


def line(state: S, minutes: int) -> Transition:
    """A line of the history."""
    at = START + timedelta(minutes=minutes)
    return Transition("card", state, at, at, "bhxh")


def test_the_last_hop_ages() -> None:
    """T1: sent at once, received after ten minutes, nobody has it on the table yet."""
    step = Step("card", "bhxh", S.RECEIVED, START, started_at=START)
    found = hops(step, [line(S.RECEIVED, 10), line(S.ACCEPTED, 12)], START + timedelta(hours=2))
    assert [(hop.name, hop.age) for hop in found] == [
        ("sent", timedelta(minutes=10)),
        ("received by the agency", timedelta(minutes=110)),
        ("with an officer", None),
        ("result", None),
    ]


def test_an_ended_step_ages_no_more() -> None:
    """Its last hop lasted until its end."""
    ended = START + timedelta(hours=1)
    step = Step("card", "bhxh", S.REJECTED, ended, started_at=START, ended_at=ended)
    assert hops(step, [line(S.RECEIVED, 10)], START + timedelta(days=9))[1].age == timedelta(minutes=50)


def test_the_newest_copy_counts() -> None:
    """T10: a corrected result is waiting although the first was confirmed; other deliveries are no copies."""
    first = Delivery(
        "d1",
        "l",
        1,
        "dvcqg",
        DeliveryKind.RESULT,
        "result",
        "k",
        b"",
        START,
        START,
        DeliveryState.DONE,
        step="card",
    )
    later = dataclasses.replace(
        first, id="d2", created_at=START + timedelta(days=1), state=DeliveryState.QUEUED
    )
    other = dataclasses.replace(first, id="d3", kind=DeliveryKind.STATE)
    (copy,) = copies([later, other, first])
    assert (copy.keeper, copy.state) == ("dvcqg", "waiting")
    (failed,) = copies([dataclasses.replace(later, state=DeliveryState.DEAD)])
    assert failed.state == "failed"
