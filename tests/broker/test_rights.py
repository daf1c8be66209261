"""Who may look, and that every look and every refusal is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.config.hub import Client
from broker.errors import Forbidden, Invalid, NotNow
from broker.rights import Asker, Rights, require_answerable
from broker.store.engine import Store
from tests.clock import ManualClock

CLIENT = Client(id="thanh-tra", key_sha256="0" * 64, may=frozenset({"log"}))


@pytest.fixture
def store(sqlite_url: str, open_store: Callable[..., Store]) -> Store:
    """A store on SQLite: nothing here differs between databases."""
    return open_store(sqlite_url)


async def test_a_right_is_had_or_not(store: Store, clock: ManualClock) -> None:
    """The right lets pass in silence; its lack is refused, and kept with who asked, for what and why."""
    rights = Rights(store, {CLIENT.id: CLIENT}, clock)
    await rights.require(Asker("thanh-tra"), "log", "messages")
    with pytest.raises(Forbidden):
        await rights.require(Asker("thanh-tra", "an", "lý do"), "bodies", "body of x")
    with pytest.raises(Forbidden):
        await rights.require(Asker("stranger"), "log", "messages")
    acts = store.read(lambda tx: tx.acts.latest())
    assert [(act.who, act.act, act.target, act.why) for act in acts] == [
        ("stranger", "denied", "messages", "-"),
        ("an (thanh-tra)", "denied", "body of x", "lý do"),
    ]


async def test_what_cannot_be_kept_is_not_done(store: Store, clock: ManualClock) -> None:
    """Without its act, a look is refused for now."""
    store.close()
    with pytest.raises(NotNow):
        await Rights(store, {}, clock).note(Asker("thanh-tra"), "search", "messages")


@pytest.mark.parametrize(("officer", "purpose"), [(None, "x"), ("an", None), ("an", "  "), (None, None)])
def test_somebody_answers_for_a_look(officer: str | None, purpose: str | None) -> None:
    """An officer and a purpose, both."""
    with pytest.raises(Invalid):
        require_answerable(Asker("thanh-tra", officer, purpose))
    require_answerable(Asker("thanh-tra", "an", "x"))
