"""A due run happens once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from broker.store.engine import Store
from tests.clock import START


def test_a_run_is_claimed_once(open_store: Callable[..., Store], database_url: str) -> None:
    """Of several processes one gets the run; the next run and other jobs are free."""
    one, other = open_store(database_url), open_store(database_url)
    got = [store.write_sync(lambda tx: tx.runs.claim("poll", START)) for store in (one, other, one)]
    assert got == [True, False, False]
    assert other.write_sync(lambda tx: tx.runs.claim("poll", START + timedelta(minutes=1)))
    assert other.write_sync(lambda tx: tx.runs.claim("tick", START))


def test_the_last_run(store: Store) -> None:
    """The newest claimed run of a job is known."""
    assert store.read(lambda tx: tx.runs.last("poll")) is None
    for minutes in (5, 1):
        due = START + timedelta(minutes=minutes)
        store.write_sync(lambda tx, due=due: tx.runs.claim("poll", due))
    assert store.read(lambda tx: tx.runs.last("poll")) == START + timedelta(minutes=5)
