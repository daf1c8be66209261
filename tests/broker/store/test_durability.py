"""Acknowledged means durable: what a write returned from survives the death of the process at any instant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from broker.store.engine import Store, Tx
from broker.store.invariants import check

ROOT = Path(__file__).parents[3]


def crash(url: str, name: str, after: int) -> list[str]:
    """Kill a committing process once it has acknowledged ``after`` writes; all that it acknowledged."""
    command = [sys.executable, "-m", "tests.broker.store.crashing", url, name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().strip() for _ in range(after)]
        child.kill()
        # What it managed to say before it died; the last line may be cut off.
        said = child.stdout.read()
    return acknowledged + said.split("\n")[:-1]


def all_there(tx: Tx, acknowledged: list[str]) -> None:
    """Every message with its bytes, and every delivery."""
    for row_id in acknowledged:
        assert tx.messages.body(row_id) == row_id.encode() * 100
        assert tx.deliveries.get(row_id).key == f"key-{row_id}"


def test_killed_processes_lose_nothing(database_url: str, open_store: Callable[..., Store]) -> None:
    """After every kill each acknowledged message and delivery is there, and the log verifies."""
    acknowledged: list[str] = []
    for name, after in (("a", 1), ("b", 60)):
        acknowledged += crash(database_url, name, after)
        store = open_store(database_url)
        store.read(partial(all_there, acknowledged=acknowledged))
        assert check(store) == []
    assert len(acknowledged) > 60


def test_two_processes_killed_while_chaining(postgres_url: str, open_store: Callable[..., Store]) -> None:
    """A process that dies while another one writes to the same log leaves no gap and no fork."""
    command = [sys.executable, "-m", "tests.broker.store.crashing", postgres_url]
    names = ("a", "b")
    children = [
        subprocess.Popen([*command, name], cwd=ROOT, stdout=subprocess.PIPE, text=True) for name in names
    ]
    acknowledged: list[str] = []
    for child in children:
        assert child.stdout is not None
        acknowledged += [child.stdout.readline().strip() for _ in range(40)]
        child.kill()
        acknowledged += child.stdout.read().split("\n")[:-1]
        child.wait()
        child.stdout.close()
    store = open_store(postgres_url)
    indexes = store.read(lambda tx: [tx.log.index_of(row_id) for row_id in acknowledged])
    assert len(set(indexes)) == len(acknowledged)
    assert check(store) == []
