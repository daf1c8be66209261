"""``python -m bench.log``: what a log of a million entries costs to verify and to prove from.

The entries are real rows of a real database, hashed and chained as the hub does it, written in bulk: only what is
measured afterwards is the hub's own code. The proofs are verified against the signed head.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import itertools
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from bench.report import machine
from broker.clock import system_clock
from broker.log.logbook import Logbook
from broker.model import Message
from broker.store.engine import Store
from broker.store.leaf import leaf_bytes
from broker.store.migrations import upgrade
from broker.store.types import utc_text
from signing.log import merkle
from signing.log.note import NoteSigner
from signing.vault import Vault, create_data_key, load_vault

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ASKED = 500
_AT_ONCE = 5_000
_COLUMNS = (
    "idx, id, at, direction, kind, agency, operation, outcome, dossier, related_id, officer, content_type, size,"
    " leaf, leaf_hash, salt, body"
)


@dataclasses.dataclass(frozen=True)
class Times:
    """Milliseconds of one kind of question, those of them that this program computed, and bytes of its proofs."""

    milliseconds: list[float]
    computed: list[float]
    sizes: list[int]

    def figures(self) -> dict[str, float]:
        """Medians, the 99th of a hundred, the largest."""
        ordered = sorted(self.milliseconds)
        return {
            "p50_ms": statistics.median(ordered),
            "p99_ms": ordered[int(len(ordered) * 0.99)],
            "cpu_ms": statistics.median(self.computed),
            "mean_bytes": statistics.mean(self.sizes),
            "max_bytes": max(self.sizes),
        }


def main(
    entries: Annotated[int, typer.Option(min=1000, help="Entries of the log.")] = 1_000_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to a file.")] = None,
) -> None:
    """Build a log, verify all of it, prove entries of it and that it was only appended to."""
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        figures = run(Path(folder), entries)
    print(text(figures))
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    if not figures["verified"]:
        raise typer.Exit(1)


def run(folder: Path, entries: int) -> dict[str, Any]:
    """Every figure, measured in ``folder``."""
    url = f"sqlite:///{folder / 'hub.sqlite3'}"
    upgrade(url)
    began = time.perf_counter()
    root = build(folder / "hub.sqlite3", entries)
    built = time.perf_counter() - began
    create_data_key(folder / "keys", clock=system_clock)
    store = _open(url, load_vault(folder / "keys"))
    try:
        began = time.perf_counter()
        while store.write_sync(lambda tx: tx.tiles.fill(64)):
            pass
        tiled = time.perf_counter() - began
        return {
            "machine": machine(),
            "entries": entries,
            "build_seconds": built,
            "tile_seconds": tiled,
            "inclusion": inclusion(store, entries, root).figures(),
            "consistency": consistency(store, entries, root).figures(),
            **verified(store, folder, entries),
        }
    finally:
        store.close()


def build(path: Path, entries: int) -> bytes:
    """Write the rows and the head; gives the root. Indexes are of no use here, and come back at the end."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL"
    indexes = database.execute(query).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    frontier = merkle.Frontier()
    rows = _rows(entries, frontier)
    marks = ", ".join("?" * len(_COLUMNS.split(",")))
    while piece := list(itertools.islice(rows, _AT_ONCE)):
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO messages ({_COLUMNS}) VALUES ({marks})", piece)  # noqa: S608 -- ours
        database.execute("COMMIT")
    database.execute(
        "UPDATE log_head SET size = ?, root = ?, frontier = ?",
        (frontier.size, frontier.root, frontier.to_bytes()),
    )
    for _, statement in indexes:
        database.execute(statement)
    database.close()
    return frontier.root


def _rows(entries: int, frontier: merkle.Frontier) -> Iterator[tuple[Any, ...]]:
    """Requests, each followed by its answer, which is bound to it."""
    before = b""
    for number in range(entries):
        answer = number % 2 == 1
        message = Message(
            id=f"{number:032x}",
            at=_START + timedelta(milliseconds=number),
            direction="in" if answer else "out",
            kind="reply" if answer else "request",
            agency="hotich",
            operation="submit",
            body=b"<message>%032d</message>" % number * 4,
            dossier=f"G22.99.08-260101-{number // 10 % 1_000_000:06d}",
            related_id=f"{number - 1:032x}" if answer else None,
            officer="CB000001",
        )
        salt = hashlib.sha256(number.to_bytes(8, "big")).digest()[:16]
        leaf = leaf_bytes(message, salt, before if answer else None)
        before = merkle.leaf_hash(leaf)
        frontier.append(before)
        yield (
            number,
            message.id,
            utc_text(message.at),
            message.direction,
            message.kind,
            message.agency,
            message.operation,
            message.outcome,
            message.dossier,
            message.related_id,
            message.officer,
            message.content_type,
            len(message.body),
            leaf,
            before,
            salt,
            message.body,
        )


def inclusion(store: Store, entries: int, root: bytes) -> Times:
    """Prove entries, each in a transaction of its own."""
    chance = random.Random(20261122)  # noqa: S311 -- which entries are asked for is no secret

    def ask() -> tuple[_Took, int]:
        index = chance.randrange(entries)
        took, proof = _timed(lambda: store.read(lambda tx: tx.log.inclusion(index, entries)))
        [entry] = store.read(lambda tx: list(tx.log.entries(index, index + 1)))
        merkle.verify_inclusion(entry.leaf_hash, index, entries, proof, root)
        return took, len(b"".join(proof))

    return _asked(ask)


def consistency(store: Store, entries: int, root: bytes) -> Times:
    """Prove that the log continues an older one."""
    chance = random.Random(20261123)  # noqa: S311 -- nor which sizes

    def ask() -> tuple[_Took, int]:
        old = chance.randrange(1, entries)
        took, proof = _timed(lambda: store.read(lambda tx: tx.log.consistency(old, entries)))
        old_root = store.read(lambda tx: tx.log.root(old))
        merkle.verify_consistency(old, entries, old_root, root, proof)
        return took, len(b"".join(proof))

    return _asked(ask)


def verified(store: Store, folder: Path, entries: int) -> dict[str, Any]:
    """Sign the head and verify the whole log, as ``lienthong log verify`` does."""
    signer = NoteSigner("lienthong.example/bench", bytes(range(32)))
    book = Logbook(store, folder, system_clock, signer)
    asyncio.run(book.checkpoint())
    took, report = _timed(lambda: book.verify(signer.verifier))
    seconds, cpu = took[0] / 1000, took[1] / 1000
    findings = [finding.text for finding in report.findings if finding.severity == "error"]
    return {
        "verified": report.ok and report.entries == entries,
        "verify_seconds": seconds,
        "verify_per_second": entries / seconds,
        "verify_per_cpu_second": entries / cpu,
        "findings": findings[:10],
    }


def text(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [
        "",
        f"machine      {figures['machine']}",
        f"log          {figures['entries']:,} entries in SQLite, built in {figures['build_seconds']:.0f} s;"
        f" tiles written in {figures['tile_seconds']:.0f} s",
        f"verify       {figures['verify_per_second']:,.0f} entries/s"
        f" ({figures['verify_per_cpu_second']:,.0f} a second of processor): bodies, bindings, rows, tree, tiles, head"
        f" ({figures['verify_seconds']:.0f} s)",
    ]
    for name in ("inclusion", "consistency"):
        found = figures[name]
        lines.append(
            f"{name:12} {found['mean_bytes']:.0f} bytes (largest {found['max_bytes']:,}),"
            f" {found['p50_ms']:.2f} ms (p99 {found['p99_ms']:.2f} ms, {found['cpu_ms']:.2f} ms of processor)"
        )
    lines += [f"WRONG        {finding}" for finding in figures["findings"]]
    return "\n".join([*lines, f"verified     {figures['verified']}", ""])


_Took: TypeAlias = tuple[float, float]  # milliseconds on the clock, and of this thread on a processor


def _asked(ask: Callable[[], tuple[_Took, int]]) -> Times:
    measured = [ask() for _ in range(_ASKED)]
    return Times(
        [took[0] for took, _ in measured],
        [took[1] for took, _ in measured],
        [size for _, size in measured],
    )


def _timed(act: Callable[[], Any]) -> tuple[_Took, Any]:
    began, computed = time.perf_counter(), time.thread_time()
    result = act()
    return (1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - computed)), result


def _open(url: str, vault: Vault) -> Store:
    numbers = itertools.count()
    return Store.open(
        url,
        clock=system_clock,
        new_id=lambda: f"bench-{next(numbers)}",
        salt=lambda: bytes(16),
        vault=vault,
    )


if __name__ == "__main__":
    typer.run(main)
