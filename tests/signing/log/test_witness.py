"""A witness co-signs what continues the heads that it saw, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from signing.errors import KeyProblem
from signing.log import merkle
from signing.log.cosignature import CosignatureSigner, cosignatures, with_lines
from signing.log.note import Checkpoint, NoteSigner, sign_checkpoint
from signing.log.witness import REQUEST_LIMIT, AddCheckpoint, Memory, Witness, WitnessRefusal
from tests.clock import START, ManualClock

LOG = NoteSigner("lienthong.example/log", bytes(range(32)))
STRANGER = NoteSigner(LOG.name, bytes(range(5, 37)))
SIGNER = CosignatureSigner("witness.example/w1", bytes(range(1, 33)))
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(40)]


def head(size: int, leaves: list[bytes] = LEAVES, signer: NoteSigner = LOG) -> str:
    """A signed head of the log."""
    return sign_checkpoint(Checkpoint(signer.name, size, merkle.tree_root(leaves[:size])), signer)


def request(old: int, new: int, leaves: list[bytes] = LEAVES) -> bytes:
    """What the log asks of the witness."""
    path = tuple(merkle.consistency_proof(leaves[:new], old))
    return AddCheckpoint(old, path, head(new, leaves)).text.encode()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A memory in a new folder."""
    kept = Memory(tmp_path / "witness")
    yield kept
    kept.close()


@pytest.fixture
def witness(memory: Memory, clock: ManualClock) -> Witness:
    """A witness that knows one log and has seen nothing."""
    return Witness(SIGNER, {LOG.name: [LOG.verifier]}, memory, clock)


def refused(witness: Witness, body: bytes) -> WitnessRefusal:
    """How the witness refuses."""
    with pytest.raises(WitnessRefusal) as caught:
        witness.add_checkpoint(body)
    return caught.value


def test_a_log_that_grows_is_cosigned(witness: Witness) -> None:
    """The first head from nothing, each next one by its proof, the same one again."""
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 40)):
        line = witness.add_checkpoint(request(old, new))
        [given] = cosignatures(with_lines(head(new), [line.rstrip("\n")]), [SIGNER.verifier])
        assert given.at == START


def test_another_history_is_refused(witness: Witness) -> None:
    """A head whose log does not begin with the one that was seen gets 422, and is not remembered."""
    witness.add_checkpoint(request(0, 8))
    other = [LEAVES[1], LEAVES[0], *LEAVES[2:]]
    assert refused(witness, request(8, 20, other)).status == 422
    assert refused(witness, request(8, 8, other)).status == 422
    witness.add_checkpoint(request(8, 20))


def test_a_wrong_old_size_is_answered_with_the_right_one(witness: Witness) -> None:
    """409 with what the witness knows, so that the log can prove from there; also to a log that shrank."""
    witness.add_checkpoint(request(0, 8))
    for old, new in ((0, 20), (5, 20), (12, 20), (3, 5)):
        refusal = refused(witness, request(old, new))
        assert (refusal.status, refusal.known) == (409, 8)


def test_a_log_that_nobody_named_is_unknown(witness: Witness) -> None:
    """404: the witness has no word about it."""
    note = sign_checkpoint(Checkpoint("other.example/log", 0, merkle.EMPTY_ROOT), LOG)
    assert refused(witness, AddCheckpoint(0, (), note).text.encode()).status == 404


def test_a_head_that_the_log_did_not_sign_is_forbidden(witness: Witness) -> None:
    """403 for another key of the same name, and for a signature that does not match."""
    assert refused(witness, AddCheckpoint(0, (), head(3, signer=STRANGER)).text.encode()).status == 403
    changed = head(3).replace("\n3\n", "\n4\n")
    assert refused(witness, AddCheckpoint(0, (), changed).text.encode()).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + head(3).encode(),
        b"old -1\n\n" + head(3).encode(),
        b"old 0\nAAAA\n\n" + head(3).encode(),
        b"old 0\n" + b"\n".join([b"A" * 43 + b"="] * 64) + b"\n\n" + head(3).encode(),
        b"old 0\n\nnot a note",
        b"old 0\n\nlienthong.example/log\n\n\n\xe2\x80\x94 x AAAAAAAAAA==\n",
        b"\xff\xfe",
        b"old 9\n\n" + head(3).encode(),
        b"old 0\n\n" + head(3).encode() + b"x" * REQUEST_LIMIT,
    ],
)
def test_what_is_no_request_is_refused(witness: Witness, body: bytes) -> None:
    """400, whatever it is."""
    assert refused(witness, body).status == 400


def test_a_proof_from_nothing_is_empty(witness: Witness) -> None:
    """Hashes where there is nothing to prove are refused."""
    body = AddCheckpoint(0, (LEAVES[0],), head(3)).text.encode()
    assert refused(witness, body).status == 422


def test_the_memory_survives(tmp_path: Path, clock: ManualClock) -> None:
    """After a restart the witness stands where it stood."""
    for old, new in ((0, 8), (8, 20)):
        memory = Memory(tmp_path)
        witness = Witness(SIGNER, {LOG.name: [LOG.verifier]}, memory, clock)
        witness.add_checkpoint(request(old, new))
        memory.close()
    assert sorted(file.suffix for file in tmp_path.iterdir()) == ["", ".note"]


def test_one_process_at_a_time_remembers(memory: Memory, tmp_path: Path) -> None:
    """A second one on the same folder is refused: two memories would sign two histories."""
    with pytest.raises(KeyProblem, match="another process"):
        Memory(tmp_path / "witness")


def test_a_damaged_memory_stops_the_witness(witness: Witness, tmp_path: Path) -> None:
    """It does not begin anew as if it had seen nothing."""
    witness.add_checkpoint(request(0, 8))
    [file] = (tmp_path / "witness").glob("*.note")
    file.write_text("")
    with pytest.raises(KeyProblem, match="damaged"):
        witness.add_checkpoint(request(0, 20))
