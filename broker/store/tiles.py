"""Tiles of the message log: the pieces from which proofs are made (`signing.log.tiles`).

A tile of level 0 is written when it is full, by the transaction that fills it; what is not full is in the rows of the
messages. A tile of a higher level grows by one hash whenever one below it is full. A log from before there were
tiles gets them in steps (`Tiles.fill`); until then its proofs come from the messages, slowly.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from broker.store.schema import log_head, log_tiles, messages
from broker.store.sql import Repository, Session
from signing.log import tiles
from signing.log.tiles import HASH_SIZE, WIDTH

_TILE = select(log_tiles.c.hashes).where(
    log_tiles.c.level == bindparam("level"), log_tiles.c.idx == bindparam("idx")
)
_LEAVES = (
    select(messages.c.leaf_hash)
    .where(messages.c.idx >= bindparam("start"), messages.c.idx < bindparam("stop"))
    .order_by(messages.c.idx)
)
_LAST = (
    select(log_tiles.c.idx, log_tiles.c.hashes)
    .where(log_tiles.c.level == 1)
    .order_by(log_tiles.c.idx.desc())
    .limit(1)
)
_SIZE = select(log_head.c.size).where(log_head.c.id == 1)


class Tiles(Repository):
    """The tiles of the log, in one transaction."""

    __slots__ = ()

    def read(self, level: int, index: int, width: int) -> bytes:
        """The first ``width`` hashes of a tile (`signing.log.tiles.Read`); fewer if the log does not have so many."""
        kept = _stored(self._tx, level, index)
        if len(kept) >= width * HASH_SIZE:
            return kept[: width * HASH_SIZE]
        if level == 0:
            return b"".join(_leaves(self._tx, index * WIDTH, index * WIDTH + width))
        below = range(index * WIDTH, index * WIDTH + width)
        return b"".join(tiles.tile_root(self.read(level - 1, position, WIDTH)) for position in below)

    def behind(self) -> int:
        """How many full tiles of level 0 have not been written yet: those of a log from before there were tiles."""
        return int(self._conn.execute(_SIZE).scalar_one()) // WIDTH - _done(self._tx)

    def fill(self, limit: int) -> int:
        """Write up to ``limit`` tiles of level 0 that are `behind`, oldest first; says how many were written."""
        self._tx.need_writable()
        _lock(self._tx)
        first = _done(self._tx)
        last = min(first + limit, int(self._conn.execute(_SIZE).scalar_one()) // WIDTH)
        for index in range(first, last):
            _write(self._tx, index, b"".join(_leaves(self._tx, index * WIDTH, (index + 1) * WIDTH)))
        return last - first

    def strange(self) -> list[str]:
        """Tiles that do not agree with the messages, as ``level/index``. Reads the whole log."""
        size = int(self._conn.execute(_SIZE).scalar_one())
        return [
            f"{level}/{index}"
            for level, index, width in tiles.tiles(min(size, _done(self._tx) * WIDTH))
            if not self._agrees(level, index, width)
        ] + self._beyond(size)

    def _agrees(self, level: int, index: int, width: int) -> bool:
        """Whether a tile is what is below it; a tile that is wrong is named once, not again by those above it."""
        if level == 0:
            expected = b"".join(_leaves(self._tx, index * WIDTH, index * WIDTH + width))
        else:
            below = range(index * WIDTH, index * WIDTH + width)
            expected = b"".join(tiles.tile_root(_stored(self._tx, level - 1, at)) for at in below)
        return _stored(self._tx, level, index) == expected

    def _beyond(self, size: int) -> list[str]:
        highest = select(log_tiles.c.level, func.max(log_tiles.c.idx)).group_by(log_tiles.c.level)
        return [
            f"{level}/{index}"
            for level, index in self._conn.execute(highest)
            if not tiles.width(level, index, size) or level < 0
        ]


def grow(session: Session, size: int, leaves: Sequence[bytes]) -> None:
    """Write the tiles that these leaf hashes fill, which follow the first ``size`` entries.

    For the transaction that adds the entries, with the head of the log locked.
    """
    filled = range(size // WIDTH, (size + len(leaves)) // WIDTH)
    if (
        not filled or _done(session) != filled[0]
    ):  # nothing is full, or older tiles come first: see `Tiles.fill`
        return
    before = _leaves(session, filled[0] * WIDTH, size)
    hashes = b"".join([*before, *leaves])
    for number, index in enumerate(filled):
        _write(session, index, hashes[number * WIDTH * HASH_SIZE : (number + 1) * WIDTH * HASH_SIZE])


def _write(session: Session, index: int, hashes: bytes) -> None:
    """Keep a full tile of level 0, and its root in the tiles above."""
    _put(session, 0, index, hashes)
    level, full = 1, hashes
    while True:
        above = index // WIDTH
        full = _stored(session, level, above) + tiles.tile_root(full)
        _put(session, level, above, full)
        if len(full) < WIDTH * HASH_SIZE:
            return
        level, index = level + 1, above


def _put(session: Session, level: int, index: int, hashes: bytes) -> None:
    statement = session.insert(log_tiles)
    replacing = statement.on_conflict_do_update(
        index_elements=("level", "idx"), set_={"hashes": statement.excluded.hashes}
    )
    session.conn.execute(replacing, {"level": level, "idx": index, "hashes": hashes})


def _stored(session: Session, level: int, index: int) -> bytes:
    found = session.conn.execute(_TILE, {"level": level, "idx": index}).scalar_one_or_none()
    return bytes(found or b"")


def _leaves(session: Session, start: int, stop: int) -> Sequence[bytes]:
    return session.conn.execute(_LEAVES, {"start": start, "stop": stop}).scalars().all()


def _done(session: Session) -> int:
    """How many tiles of level 0 have been written: the hashes at level 1 say so."""
    last = session.conn.execute(_LAST).first()
    return 0 if last is None else last.idx * WIDTH + len(last.hashes) // HASH_SIZE


def _lock(session: Session) -> None:
    """Hold the head, as everyone does who appends."""
    session.conn.execute(_SIZE.with_for_update() if session.postgres else _SIZE)
