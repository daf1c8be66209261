from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import ProofInvalid
from signing.log import merkle

# The inputs and roots with which every RFC 6962 implementation is tested (certificate-transparency project).
INPUTS = [
    bytes.fromhex(data)
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]

sizes = st.integers(1, 70)


def some_leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(index).encode()) for index in range(size)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_subproof(m: int, leaves: list[bytes], complete: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, word for word."""
    if m == len(leaves):
        return [] if complete else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], complete), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    """Roots equal the vectors that other implementations publish."""
    assert merkle.tree_root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """The root of no leaves is SHA-256 of the empty string."""
    assert merkle.tree_root([]).hex().startswith("e3b0c44298fc1c14")


@given(st.integers(0, 70))
def test_a_frontier_knows_the_root_of_the_definition(size: int) -> None:
    """Appending one by one gives the root that the recursive definition gives."""
    leaves = some_leaves(size)
    frontier = merkle.Frontier()
    frontier.extend(leaves)
    assert (frontier.size, frontier.root) == (size, naive_root(leaves))


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_saved_frontier_goes_on_where_it_stopped(before: int, after: int) -> None:
    """State written and read back continues like the original."""
    leaves = some_leaves(before + after)
    frontier = merkle.Frontier()
    frontier.extend(leaves[:before])
    again = merkle.Frontier.from_bytes(frontier.to_bytes())
    again.extend(leaves[before:])
    assert again.root == merkle.tree_root(leaves)
    assert frontier.size == before


def test_a_copied_frontier_is_independent() -> None:
    """Appending to a copy leaves the original alone."""
    frontier = merkle.Frontier()
    frontier.extend(LEAVES[:3])
    frontier.copy().append(LEAVES[3])
    assert frontier.root.hex() == ROOTS[2]


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8) + b"x", (3).to_bytes(8, "big") + bytes(32)])
def test_a_damaged_frontier_is_refused(data: bytes) -> None:
    """State of the wrong length is not taken for a tree."""
    with pytest.raises(ProofInvalid):
        merkle.Frontier.from_bytes(data)


@given(sizes, st.data())
def test_an_inclusion_proof_leads_to_the_root(size: int, data: st.DataObject) -> None:
    """Every leaf of every tree can be proven."""
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    proof = merkle.inclusion_proof(leaves, index)
    merkle.verify_inclusion(leaves[index], index, size, proof, naive_root(leaves))
    assert len(proof) <= size.bit_length()


@given(sizes, st.data())
def test_an_inclusion_proof_fits_one_leaf_only(size: int, data: st.DataObject) -> None:
    """A changed leaf, index, proof or root is refused."""
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    proof, root = merkle.inclusion_proof(leaves, index), naive_root(leaves)
    other = merkle.leaf_hash(b"other")
    wrong = [
        (other, index, size, proof, root),
        (leaves[index], index, size, proof, other),
        (leaves[index], index, size, [*proof, other], root),
        (leaves[index], size, size, proof, root),
        (leaves[index], -1, size, proof, root),
    ]
    if proof:
        wrong.append((leaves[index], index, size, proof[:-1], root))
        wrong.append((leaves[index], index, size, [proof[0][:31], *proof[1:]], root))
        wrong.append((leaves[index], (index + 1) % size, size, proof, root))
    for arguments in wrong:
        with pytest.raises(ProofInvalid):
            merkle.verify_inclusion(*arguments)


@given(sizes, st.data())
def test_a_consistency_proof_is_that_of_the_standard(new: int, data: st.DataObject) -> None:
    """Proofs equal the recursive definition, and hold."""
    old = data.draw(st.integers(0, new))
    leaves = some_leaves(new)
    proof = merkle.consistency_proof(leaves, old)
    assert proof == (naive_subproof(old, leaves, True) if old else [])
    merkle.verify_consistency(old, new, naive_root(leaves[:old]), naive_root(leaves), proof)


@given(st.integers(2, 70), st.data())
def test_a_rewritten_log_has_no_consistency_proof(new: int, data: st.DataObject) -> None:
    """A proof does not hold for another old root, another new root, or with a hash more or less."""
    old = data.draw(st.integers(1, new - 1))
    leaves = some_leaves(new)
    proof = merkle.consistency_proof(leaves, old)
    old_root, new_root = naive_root(leaves[:old]), naive_root(leaves)
    other = merkle.leaf_hash(b"other")
    wrong = [
        (old, new, other, new_root, proof),
        (old, new, old_root, other, proof),
        (old, new, old_root, new_root, [*proof, other]),
        (old, new, old_root, new_root, proof[:-1]),
        (new + 1, new, old_root, new_root, proof),
    ]
    for arguments in wrong:
        with pytest.raises(ProofInvalid):
            merkle.verify_consistency(*arguments)


def test_equal_or_empty_trees_need_no_proof() -> None:
    """Size 0 and equal sizes are consistent without hashes, and only with the right roots."""
    root = merkle.tree_root(LEAVES)
    merkle.verify_consistency(8, 8, root, root, [])
    merkle.verify_consistency(0, 8, merkle.EMPTY_ROOT, root, [])
    for old, old_root, proof in ((8, LEAVES[0], []), (0, root, []), (8, root, [root])):
        with pytest.raises(ProofInvalid):
            merkle.verify_consistency(old, 8, old_root, root, proof)


def test_a_proof_about_nothing_is_a_mistake_of_the_caller() -> None:
    """Asking for a leaf or a tree that does not exist raises ValueError."""
    with pytest.raises(ValueError, match="leaf 8"):
        merkle.inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="does not contain"):
        merkle.consistency_proof(LEAVES, 9)
