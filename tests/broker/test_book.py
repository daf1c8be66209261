"""The rules in force, and who is called."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from broker.canonical.plan import Node
from signing.xml import parse
from tests.broker.canonical.samples import declaration
from tests.broker.rig import Rig


@pytest.mark.parametrize(
    ("at", "rules"),
    [
        (datetime(2026, 8, 31, 16, 59, tzinfo=UTC), "nd63"),
        (datetime(2026, 8, 31, 17, 0, tzinfo=UTC), "nd301"),
    ],
)
async def test_rules_of_the_day(rig: Rig, at: datetime, rules: str) -> None:
    """The rules are those of the day of receipt in Vietnam, and stay with the dossier."""
    engine = rig.hub.book.starts(declaration(), at)
    assert engine.rules.id == rules
    old = dataclasses.replace(rig.dossier(await rig.submit()), rule_set=rules)
    assert rig.hub.book.engine(old).rules.id == rules


async def test_unknown_document(rig: Rig) -> None:
    """A document that no process takes is an error of the configuration that says where to look."""
    strange: Node = parse(b'<Wedding xmlns="urn:lienthong:1.0"/>')
    with pytest.raises(LookupError, match="config/processes"):
        rig.hub.book.starts(strange, rig.clock())


async def test_owner(rig: Rig) -> None:
    """Everything has an owner: the agency's, else the hub's (T20)."""
    book = rig.hub.book
    assert book.owner("hotich") == "ho-tich-truc"
    assert book.owner(None) == book.owner("nobody") == book.hub_owner
