"""What must hold in the store at any time, checked from the rows themselves.

For tests, after each step, and for ``lienthong check``: it reads everything, in one snapshot.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select, text

from broker.model import DeliveryKind, DeliveryState, Phase, StepState
from broker.store.leaf import body_hash, differing
from broker.store.log import stored_body
from broker.store.schema import deliveries, dossiers, log_checkpoints, log_head, messages, steps
from broker.store.sql import Repository
from broker.store.tiles import Tiles
from signing.log import merkle

if TYPE_CHECKING:
    from broker.store.engine import Store

_CHUNK = 500

# Each statement finds rows that must not exist; ``{id}`` in the sentence is the row's first column.
_FORBIDDEN: Mapping[str, str] = {
    "delivery {id}: leased without a lease, or a lease without being leased": """
        SELECT id FROM deliveries
        WHERE (state = 'leased') <> (lease_owner IS NOT NULL AND lease_until IS NOT NULL)
        """,
    "delivery {id}: ended without a time, or a time without an end": """
        SELECT id FROM deliveries WHERE (state IN ('done', 'cancelled')) <> (done_at IS NOT NULL)
        """,
    "delivery {id}: done, but no attempt of it has an answer in the log and no reason is given": """
        SELECT id FROM deliveries WHERE state = 'done' AND reason IS NULL AND NOT EXISTS (
            SELECT 1 FROM attempts JOIN messages ON messages.related_id = attempts.message_id
            WHERE attempts.delivery_id = deliveries.id)
        """,
    "delivery {id}: another delivery of its lane should leave first": """
        SELECT id FROM deliveries WHERE state IN ('leased', 'dead') AND EXISTS (
            SELECT 1 FROM deliveries AS earlier WHERE earlier.lane = deliveries.lane
            AND earlier.seq < deliveries.seq AND earlier.state IN ('queued', 'leased', 'dead'))
        """,
    "delivery {id}: waits for nothing, or does not wait for its predecessor": """
        SELECT id FROM deliveries WHERE state = 'queued' AND waits <> EXISTS (
            SELECT 1 FROM deliveries AS earlier WHERE earlier.lane = deliveries.lane
            AND earlier.seq < deliveries.seq AND earlier.state IN ('queued', 'leased', 'dead'))
        """,
    "delivery {id}: the number of its attempts is wrong": """
        SELECT id FROM deliveries WHERE attempts > tries OR tries <> (
            SELECT count(*) FROM attempts WHERE attempts.delivery_id = deliveries.id)
        """,
    "delivery {id}: on the wire without an open attempt, or an open attempt while it is not": """
        SELECT id FROM deliveries WHERE in_flight <> EXISTS (
            SELECT 1 FROM attempts WHERE attempts.delivery_id = deliveries.id AND attempts.ended_at IS NULL)
        """,
    "delivery {id}: belongs to a dossier that does not exist": """
        SELECT id FROM deliveries WHERE dossier_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM dossiers WHERE dossiers.id = deliveries.dossier_id)
        """,
    "delivery {id}: an attempt was sent without being in the log": """
        SELECT delivery_id FROM attempts WHERE NOT EXISTS (
            SELECT 1 FROM messages WHERE messages.id = attempts.message_id AND messages.direction = 'out')
        """,
    "dossier {id}: cannot be found by its own code": """
        SELECT id FROM dossiers WHERE NOT EXISTS (
            SELECT 1 FROM dossier_codes WHERE dossier_codes.value = dossiers.code
            AND dossier_codes.dossier_id = dossiers.id)
        """,
    "dossier {id}: its history names a step that it does not have": """
        SELECT DISTINCT dossier_id FROM transitions WHERE step <> 'dossier' AND NOT EXISTS (
            SELECT 1 FROM steps
            WHERE steps.dossier_id = transitions.dossier_id AND steps.id = transitions.step)
        """,
    "dossier {id}: its history names a message that is not in the log": """
        SELECT DISTINCT dossier_id FROM transitions WHERE message_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages WHERE messages.id = transitions.message_id)
        """,
}


def check(store: Store) -> list[str]:
    """Everything in the store that contradicts itself, one sentence each; empty if it is sound."""
    return store.read(lambda tx: list(tx.invariants.findings()))


class Invariants(Repository):
    """The checks, in one transaction."""

    __slots__ = ()

    def findings(self) -> Iterator[str]:
        """What contradicts itself, one sentence each."""
        yield from self._log()
        yield from self._words()
        for sentence, query in _FORBIDDEN.items():
            for (row_id,) in self._conn.execute(text(query)):
                yield sentence.format(id=row_id)

    def _log(self) -> Iterator[str]:
        frontier = merkle.Frontier()
        claimed = {row.size: _note_root(row.note) for row in self._conn.execute(select(log_checkpoints))}
        entries = select(messages).order_by(messages.c.idx).execution_options(yield_per=_CHUNK)
        with self._conn.execute(entries) as rows:
            for row in rows:
                if row.idx != frontier.size:
                    yield f"log: entry {frontier.size} is missing before {row.idx}"
                    return
                yield from _entry(row, stored_body(row, self._tx.vault))
                frontier.append(row.leaf_hash)
                if claimed.get(frontier.size, frontier.root) != frontier.root:
                    yield f"log: the checkpoint at {frontier.size} has another root"
        beyond = [size for size in claimed if size > frontier.size]
        yield from (f"log: the checkpoint at {size} is beyond its end" for size in beyond)
        head = self._conn.execute(select(log_head)).one()
        if (head.size, head.root, head.frontier) != (frontier.size, frontier.root, frontier.to_bytes()):
            yield f"log: its head says {head.size} entries, there are {frontier.size}, or the roots differ"
        yield from (f"log: tile {place} is not what the entries give" for place in Tiles(self._tx).strange())

    def _words(self) -> Iterator[str]:
        """Every state is a word of `broker.model`."""
        for column, words in (
            (deliveries.c.state, DeliveryState),
            (deliveries.c.kind, DeliveryKind),
            (steps.c.state, StepState),
            (dossiers.c.phase, Phase),
        ):
            strange = select(column).where(column.not_in([word.value for word in words])).distinct()
            for word in self._conn.execute(strange).scalars():
                yield f"{column.table.name}: {word!r} is no {column.name}"


def _entry(row: Row[Any], body: bytes | None) -> Iterator[str]:
    """The columns, the leaf and the body of one message agree."""
    if merkle.leaf_hash(row.leaf) != row.leaf_hash:
        yield f"log: entry {row.idx} is not what was hashed"
        return
    leaf = json.loads(row.leaf)
    for name in differing(row, leaf):
        yield f"log: entry {row.idx} has another {name} in its leaf than in its row"
    if body is not None and body_hash(row.salt or b"", body) != leaf["body_sha256"]:
        yield f"log: the body of entry {row.idx} was changed"


def _note_root(note: str) -> bytes:
    """The root in a checkpoint (C2SP tlog-checkpoint: its third line, in base64)."""
    lines = note.split("\n")
    return base64.b64decode(lines[2]) if len(lines) > 2 else b""
