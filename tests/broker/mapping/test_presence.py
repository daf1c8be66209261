"""When blocks write, and what targets demand; further cases stand in test_checks.py."""

from __future__ import annotations

from collections.abc import Callable

from broker.mapping.conditions import ALWAYS, Present, Some
from broker.mapping.mapping import Prepared
from broker.mapping.presence import exclusive, fed, inside, written
from broker.mapping.prover import entails
from broker.mapping.rules import Block

Check = Callable[..., Prepared]


def block(prepared: Prepared, path: str) -> Block:
    """The first block of a target path."""
    assert prepared.block is not None
    return next(one for one in prepared.block.blocks() if one.target.path == path)


def test_required_texts_are_always_written(check: Check) -> None:
    """The schema, not the source, decides whether a required element is there."""
    assert written(block(check(), "ma")) == ALWAYS
    assert fed(block(check(), "ma")) != ALWAYS


def test_groups_follow_their_condition(check: Check) -> None:
    """A group entered by from is written when that element is there."""
    mother = block(check(), "me")
    assert isinstance(written(mother), Present)
    assert inside(mother) == written(mother)


def test_implied_elements_follow_their_content(check: Check) -> None:
    """An element made by a path with slashes is written if anything inside has a value."""
    rules = {"me": None, "me/ten": "{from: Mother/Name/Given}", "me/dienThoai": "Mother/Phone"}
    assert isinstance(written(block(check(rules), "me")), Some)


def test_loops_are_written_if_there_is_an_item(check: Check) -> None:
    """An unconditional loop writes as soon as its source is there."""
    assert isinstance(written(block(check(), "tep")), Present)


def test_exclusive(check: Check) -> None:
    """Branches of a source choice exclude each other, other fields do not."""
    prepared = check()
    number, passport, mother = (block(prepared, path) for path in ("soDinhDanh", "hoChieu", "me"))
    assert exclusive([number, passport], ALWAYS, entails)
    assert not exclusive([number, mother], ALWAYS, entails)
