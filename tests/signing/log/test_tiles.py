"""Proofs that are made from tiles are those of the tree."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import ProofInvalid
from signing.log import merkle, tiles
from signing.log.tiles import HASH_SIZE, WIDTH

LARGEST = 70_000
HUNDRED_MILLION = 100_000_000


class Tree:
    """A whole tree in memory, read as tiles."""

    def __init__(self, size: int) -> None:
        self.leaves = [merkle.leaf_hash(str(index).encode()) for index in range(size)]
        self.levels = [self.leaves]
        while len(below := self.levels[-1]) >= WIDTH:
            full = range(0, len(below) - WIDTH + 1, WIDTH)
            self.levels.append([merkle.tree_root(below[at : at + WIDTH]) for at in full])

    def read(self, level: int, index: int, width: int) -> bytes:
        """As `signing.log.tiles.Read`."""
        return b"".join(self.levels[level][index * WIDTH : index * WIDTH + width])


class Endless:
    """A log of any size whose leaves are all the same, so that every complete subtree of a level has one root."""

    def __init__(self) -> None:
        self.nodes = [merkle.leaf_hash(b"")]
        for _ in range(40):
            self.nodes.append(merkle.node_hash(self.nodes[-1], self.nodes[-1]))
        self.tiles = 0
        self.bytes = 0

    def read(self, level: int, index: int, width: int) -> bytes:
        """As `signing.log.tiles.Read`; counts what is read."""
        self.tiles += 1
        self.bytes += width * HASH_SIZE
        return self.nodes[8 * level] * width


@pytest.fixture(scope="module")
def tree() -> Tree:
    """A tree with tiles on three levels."""
    return Tree(LARGEST)


sizes = st.integers(1, 3 * WIDTH) | st.integers(1, LARGEST) | st.sampled_from([WIDTH, WIDTH**2, WIDTH**2 + 1])


@settings(max_examples=25, deadline=None)
@given(data=st.data(), size=sizes)
def test_an_inclusion_proof_leads_to_the_root(tree: Tree, data: st.DataObject, size: int) -> None:
    """For any entry of a log of any size the proof from tiles verifies against the root over the leaves."""
    index = data.draw(st.integers(0, size - 1))
    proof = tiles.inclusion(index, size, tree.read)
    root = merkle.tree_root(tree.leaves[:size])
    merkle.verify_inclusion(tree.leaves[index], index, size, proof, root)
    assert tiles.root(size, tree.read) == root


@settings(max_examples=25, deadline=None)
@given(data=st.data(), new=sizes)
def test_a_consistency_proof_joins_both_roots(tree: Tree, data: st.DataObject, new: int) -> None:
    """For any two sizes the proof from tiles verifies against both roots."""
    old = data.draw(st.integers(0, new))
    proof = tiles.consistency(old, new, tree.read)
    roots = [merkle.tree_root(tree.leaves[:size]) for size in (old, new)]
    merkle.verify_consistency(old, new, *roots, proof)


def test_the_proofs_are_those_over_all_leaves(tree: Tree) -> None:
    """Hash by hash they are what RFC 6962 gives for the whole list of leaves."""
    leaves = tree.leaves[:700]
    for index in (0, 255, 256, 511, 512, 699):
        assert tiles.inclusion(index, 700, tree.read) == merkle.inclusion_proof(leaves, index)
    for old in (1, 255, 256, 300, 512, 699, 700):
        assert tiles.consistency(old, 700, tree.read) == merkle.consistency_proof(leaves, old)


def test_a_proof_from_a_hundred_million_entries_is_small() -> None:
    """At most 2 KB, from at most eight tiles of 8 KB, however unlucky the entry and the size are."""
    chance = random.Random(20261122)
    for size in (HUNDRED_MILLION, HUNDRED_MILLION - 1, 2**26 + 1):
        for index in [0, size - 1, *(chance.randrange(size) for _ in range(20))]:
            log = Endless()
            proof = tiles.inclusion(index, size, log.read)
            assert len(b"".join(proof)) <= 2048
            assert log.tiles <= 8
            assert log.bytes <= 64 * 1024
            merkle.verify_inclusion(log.nodes[0], index, size, proof, tiles.root(size, log.read))


def test_consistency_of_a_hundred_million_entries_is_small() -> None:
    """The proof that such a log continues an older one is at most 2 KB, from at most twelve tiles."""
    chance = random.Random(20261122)
    new_root = tiles.root(HUNDRED_MILLION, Endless().read)
    for old in [1, HUNDRED_MILLION - 1, *(chance.randrange(1, HUNDRED_MILLION) for _ in range(20))]:
        log = Endless()
        proof = tiles.consistency(old, HUNDRED_MILLION, log.read)
        assert len(b"".join(proof)) <= 2048
        assert log.tiles <= 12
        old_root = tiles.root(old, Endless().read)
        merkle.verify_consistency(old, HUNDRED_MILLION, old_root, new_root, proof)


def test_the_tiles_of_a_size_are_listed() -> None:
    """Level by level, the last of each level as wide as the tree is."""
    assert list(tiles.tiles(0)) == []
    assert list(tiles.tiles(255)) == [(0, 0, 255)]
    assert list(tiles.tiles(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles.tiles(600)) == [(0, 0, 256), (0, 1, 256), (0, 2, 88), (1, 0, 2)]


def test_the_width_of_a_tile_beyond_the_end_is_nought() -> None:
    """A tile that a tree of that size does not have has no hashes."""
    assert [tiles.width(0, index, 300) for index in (0, 1, 2)] == [256, 44, 0]
    assert [tiles.width(level, 0, 300) for level in (1, 2)] == [1, 0]


def test_a_root_of_a_tile_is_its_hash_above() -> None:
    """The root over a full tile is one hash of the tile above."""
    hashes = [hashlib.sha256(bytes([number])).digest() for number in range(256)]
    assert tiles.tile_root(b"".join(hashes)) == merkle.tree_root(hashes)


def test_a_short_tile_is_refused(tree: Tree) -> None:
    """A reader that gives fewer hashes than the tree must have makes no proof."""
    with pytest.raises(ProofInvalid, match="does not have 256 hashes"):
        tiles.inclusion(3, 300, lambda level, index, width: tree.read(level, index, width)[:-32])


def test_an_entry_beyond_the_end_has_no_proof(tree: Tree) -> None:
    """What is not in the tree is refused before anything is read."""
    with pytest.raises(ValueError, match="not in a tree"):
        tiles.inclusion(300, 300, tree.read)
    with pytest.raises(ValueError, match="does not contain"):
        tiles.consistency(301, 300, tree.read)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 300])
def test_the_right_edge_goes_on_where_the_tree_ends(tree: Tree, size: int) -> None:
    """From the tiles comes the same frontier as from the leaves."""
    expected = merkle.Frontier()
    expected.extend(tree.leaves[:size])
    assert tiles.frontier(size, tree.read).to_bytes() == expected.to_bytes()
