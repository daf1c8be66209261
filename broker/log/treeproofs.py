"""What anybody may ask of the log without asking for a message: heads, tiles, and proofs between them.

All of it is hashes of salted leaves, and signatures: it tells nobody anything about people or dossiers.

Standards: C2SP tlog-tiles v1, tlog-checkpoint v1, tlog-proof v1; RFC 6962 §2.1.
"""

from __future__ import annotations

import dataclasses

from broker.store.engine import Tx
from broker.store.errors import Missing
from broker.store.proofs import SignedHead
from signing.log import tiles
from signing.log.cosignature import with_lines
from signing.log.proof import Proof, lines

_LONGEST_ENTRY = 0xFFFF


@dataclasses.dataclass(frozen=True, slots=True)
class Inclusion:
    """Entry ``index`` with leaf hash ``leaf`` is in the log of ``size`` entries, whose root is ``root``.

    ``note`` is the signed head of that size with its co-signatures, None if that size was never signed.
    """

    index: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]
    note: str | None

    def as_json(self) -> dict[str, object]:
        """For programs; hashes in base64."""
        leaf, root = lines([self.leaf, self.root])
        said = {"index": self.index, "size": self.size, "leaf": leaf, "root": root}
        return {**said, "hashes": lines(self.path), "checkpoint": self.note}

    def as_text(self) -> str | None:
        """C2SP tlog-proof, None without a signed head."""
        return None if self.note is None else Proof(self.index, self.path, self.note).text


@dataclasses.dataclass(frozen=True, slots=True)
class Consistency:
    """The log of ``new`` entries begins with that of ``old``."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    path: tuple[bytes, ...]

    def as_json(self) -> dict[str, object]:
        """For programs; hashes in base64."""
        old_root, new_root = lines([self.old_root, self.new_root])
        said = {"old": self.old, "new": self.new, "old_root": old_root, "new_root": new_root}
        return {**said, "hashes": lines(self.path)}


def checkpoint(tx: Tx) -> str:
    """The newest head that a witness has signed, else the newest one. Raises Missing before the first."""
    newest = tx.cosignatures.newest() or tx.log.last_checkpoint()
    if newest is None:
        raise Missing("no head of the log has been signed yet")
    return tx.cosignatures.cosigned(newest)


def tile(tx: Tx, level: int, index: int, width: int) -> bytes:
    """The first ``width`` hashes of a tile. Raises Missing if the log does not have them."""
    if not 1 <= width <= tiles.width(level, index, tx.log.head().size):
        raise Missing(f"the log does not have {width} hashes of tile {level}/{index}")
    return tx.tiles.read(level, index, width)


def entries(tx: Tx, index: int, width: int) -> bytes:
    """The first ``width`` leaves of a tile of level 0, each behind its length in two bytes. Raises Missing."""
    if not 1 <= width <= tiles.width(0, index, tx.log.head().size):
        raise Missing(f"the log does not have {width} entries of tile {index}")
    start = index * tiles.WIDTH
    leaves = tx.log.leaves(start, start + width)
    if len(leaves) < width or any(len(leaf) > _LONGEST_ENTRY for leaf in leaves):
        raise Missing(f"the entries of tile {index} cannot be given as a bundle")
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def inclusion(tx: Tx, index: int, size: int | None = None) -> Inclusion:
    """That entry ``index`` is in the log of ``size``; default: of the head that proves it best, or of all entries.

    Raises Missing.
    """
    if size is None:
        best = tx.proofs.covering(index)
        size = tx.log.head().size if best is None else best.size
    path = tx.log.inclusion(index, size)
    [leaf] = tx.log.leaf_hashes(index, index + 1)
    return Inclusion(index, size, leaf, tx.log.root(size), tuple(path), _note(tx.proofs.at_size(size)))


def consistency(tx: Tx, old: int, new: int | None = None) -> Consistency:
    """That the log of ``new`` entries (default: all of them) begins with that of ``old``. Raises Missing."""
    new = tx.log.head().size if new is None else new
    path = tx.log.consistency(old, new)
    return Consistency(old, new, tx.log.root(old), tx.log.root(new), tuple(path))


def _note(head: SignedHead | None) -> str | None:
    return None if head is None else with_lines(head.note, head.cosignatures)
