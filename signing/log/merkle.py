"""The arithmetic of an append-only Merkle tree: roots, proofs that an entry is inside, proofs that nothing
was changed.

Pure functions over hashes; where leaves are stored is not their business. Names and algorithms follow RFC
6962 §2.1 (hashes, audit paths, consistency proofs) and RFC 9162 §2.1.3.2 and §2.1.4.2 (verification).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from signing.errors import ProofInvalid

_LEAF_PREFIX = b"\x00"
_NODE_PREFIX = b"\x01"
_HASH_SIZE = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

Range = tuple[int, int]
"""A half-open range of leaves ``(start, end)`` whose subtree is a node of the tree."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf with content ``data``."""
    return hashlib.sha256(_LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(_NODE_PREFIX + left + right).digest()


class Frontier:
    """The right edge of a tree: enough to append leaves and to know the root, in O(log n) space.

    Not safe to share between threads while appending.
    """

    def __init__(self) -> None:
        self.size = 0
        # Roots of the complete subtrees from left to right: one for every bit set in ``size``, largest first.
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash: O(1) amortised, O(log n) at most."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    @property
    def root(self) -> bytes:
        """Root of the tree so far."""
        return join(self._peaks)

    def copy(self) -> Frontier:
        """An independent copy."""
        twin = Frontier()
        twin.size, twin._peaks = self.size, list(self._peaks)
        return twin

    def to_bytes(self) -> bytes:
        """The whole state: the size in eight bytes, then the subtree roots."""
        return self.size.to_bytes(8, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """State from `to_bytes`. Raises ProofInvalid if it is none."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + size.bit_count() * _HASH_SIZE:
            raise ProofInvalid("the saved state of the tree is damaged")
        return cls.of_peaks(size, [data[at : at + _HASH_SIZE] for at in range(8, len(data), _HASH_SIZE)])

    @classmethod
    def of_peaks(cls, size: int, peaks: Sequence[bytes]) -> Frontier:
        """State of a tree of ``size`` with these roots of its complete subtrees, largest first."""
        frontier = cls()
        frontier.size, frontier._peaks = size, list(peaks)
        return frontier


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root


def join(peaks: Sequence[bytes]) -> bytes:
    """Root over the roots of complete subtrees, largest first (RFC 6962 §2.1)."""
    if not peaks:
        return EMPTY_ROOT
    node = peaks[-1]
    for peak in reversed(peaks[:-1]):
        node = node_hash(peak, node)
    return node


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Subtrees whose roots prove that leaf ``index`` is in the tree of ``size``, in proof order (RFC 6962
    §2.1.1).

    Raises ValueError if there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Subtrees whose roots prove that the tree of ``new`` begins with the tree of ``old`` (RFC 6962 §2.1.2).

    Raises ValueError if ``old`` is larger than ``new``.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not contain one of {old}")
    if old in (0, new):
        return []
    path: list[Range] = []
    start, end, left_edge = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, left_edge = middle, False
    if not left_edge:
        path.append((start, end))
    return path[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree over these leaf hashes."""
    return [tree_root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Proof that the tree over these leaf hashes begins with its first ``old``."""
    return [tree_root(leaves[start:end]) for start, end in consistency_ranges(old, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofInvalid unless ``proof`` leads from the leaf hash to ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofInvalid(f"leaf {index} is not in a tree of {size}")
    position, last, node = index, size - 1, leaf
    for sibling in _hashes(proof):
        if last == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            position, last = _climb(position, last)
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("the inclusion proof is too short")
    if node != root:
        raise ProofInvalid("the inclusion proof leads to another root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ProofInvalid unless ``proof`` shows that the new tree begins with the old (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        raise ProofInvalid(f"a tree of {new} does not contain one of {old}")
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise ProofInvalid("the old root is not the one that this size must have")
        return
    rest = _hashes(proof)
    # A complete old tree is itself a node of the new one, and is not repeated in the proof.
    first = old_root if old & (old - 1) == 0 else next(rest, None)
    if first is None:
        raise ProofInvalid("the consistency proof is too short")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_node = new_node = first
    for sibling in rest:
        if last == 0:
            raise ProofInvalid("the consistency proof is too long")
        if position & 1 or position == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            position, last = _climb(position, last)
        else:
            new_node = node_hash(new_node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("the consistency proof is too short")
    if (old_node, new_node) != (old_root, new_root):
        raise ProofInvalid("the consistency proof leads to other roots: the log was changed")


def _climb(position: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the rightmost node has no sibling and moves up unchanged."""
    while not position & 1 and position:
        position, last = position >> 1, last >> 1
    return position, last


def _hashes(proof: Sequence[bytes]) -> Iterator[bytes]:
    for node in proof:
        if len(node) != _HASH_SIZE:
            raise ProofInvalid("a proof consists of hashes of 32 bytes")
        yield node


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``: the leaves in the left subtree."""
    return 1 << ((size - 1).bit_length() - 1)
