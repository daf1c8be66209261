"""Proofs from tiles: a Merkle tree kept as pieces of 256 hashes, so that a proof reads a few of them however long the
log is.

A tile at level ``L`` holds the nodes of tree level ``8 * L``: at level 0 leaf hashes, at level 1 the roots of full
tiles of level 0, and so on. Pure arithmetic over a function that reads them; where they are kept is not its business.

Standard: C2SP tlog-tiles v1 (https://c2sp.org/tlog-tiles), tile height 8; the proofs are those of RFC 6962 §2.1.1 and
§2.1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from signing.errors import ProofInvalid
from signing.log import merkle

HEIGHT = 8
"""Tree levels in one tile."""
WIDTH = 1 << HEIGHT
"""Hashes in a full tile."""
HASH_SIZE = 32
"""Bytes of one hash."""

Read = Callable[[int, int, int], bytes]
"""Gives the first ``width`` hashes of a tile, for (level, index, width): ``width`` times 32 bytes."""


def width(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a tree of ``size``: 256 if it is full, 0 if it is beyond the end."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of a tree of ``size`` as (level, index, width), level by level."""
    level = 0
    while nodes := size >> (HEIGHT * level):
        for index in range(-(-nodes // WIDTH)):
            yield level, index, width(level, index, size)
        level += 1


def tile_root(hashes: bytes) -> bytes:
    """Root over the hashes of one tile: of a full one, its hash in the tile above."""
    return merkle.tree_root(_cut(hashes))


def inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree of ``size`` (RFC 6962 §2.1.1). Raises ValueError if it is not in it."""
    nodes = _Nodes(size, read)
    return [nodes.root(start, end) for start, end in merkle.inclusion_ranges(index, size)]


def consistency(old: int, new: int, read: Read) -> list[bytes]:
    """Proof that the tree of ``new`` begins with that of ``old`` (RFC 6962 §2.1.2).

    Raises ValueError if ``old`` is larger.
    """
    nodes = _Nodes(new, read)
    return [nodes.root(start, end) for start, end in merkle.consistency_ranges(old, new)]


def root(size: int, read: Read) -> bytes:
    """Root of the tree of ``size``."""
    return _Nodes(size, read).root(0, size)


def frontier(size: int, read: Read) -> merkle.Frontier:
    """The right edge of the tree of ``size``: what is needed to go on from there."""
    nodes = _Nodes(size, read)
    return merkle.Frontier.of_peaks(
        size, [nodes.root(at, at + (1 << level)) for level, at in _complete(0, size)]
    )


class _Nodes:
    """Nodes of one tree; every tile is read once."""

    def __init__(self, size: int, read: Read) -> None:
        self._size = size
        self._read = read
        self._kept: dict[tuple[int, int], bytes] = {}

    def root(self, start: int, end: int) -> bytes:
        """Root over leaves ``start`` to before ``end``, where ``start`` is a multiple of the largest power of two
        below the length, as in every range of a proof."""
        peaks = [self._node(level, at >> level) for level, at in _complete(start, end)]
        return merkle.join(peaks)

    def _node(self, level: int, position: int) -> bytes:
        """Root of the complete subtree of ``2 ** level`` leaves at ``position``."""
        tile_level, above = divmod(level, HEIGHT)
        index, offset = divmod(position << above, WIDTH)
        hashes = self._tile(tile_level, index)
        part = hashes[offset * HASH_SIZE : (offset + (1 << above)) * HASH_SIZE]
        return tile_root(part)

    def _tile(self, level: int, index: int) -> bytes:
        kept = self._kept.get((level, index))
        if kept is None:
            wanted = width(level, index, self._size)
            kept = self._read(level, index, wanted)
            if len(kept) != wanted * HASH_SIZE:
                raise ProofInvalid(f"tile {level}/{index} does not have {wanted} hashes")
            self._kept[level, index] = kept
        return kept


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that the leaves fall into, from left to right, as (level, first leaf)."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start
        start += 1 << level


def _cut(hashes: bytes) -> Iterator[bytes]:
    return (hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE))
