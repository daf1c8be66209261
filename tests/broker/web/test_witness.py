"""A witness over HTTP: the answers of the standard, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.web.witness import witness_app
from signing.errors import KeyProblem
from signing.log.witness import Memory, Witness
from tests.broker.web.serving import Caller, serving
from tests.clock import ManualClock
from tests.signing.log.test_witness import LEAVES, LOG, SIGNER, head, request

PATH = "/add-checkpoint"


@pytest.fixture
def witness(tmp_path: Path, clock: ManualClock) -> Iterator[Caller]:
    """A witness that knows one log."""
    memory = Memory(tmp_path / "memory")
    with serving(witness_app(Witness(SIGNER, {LOG.name: [LOG.verifier]}, memory, clock))) as address:
        yield Caller(*address)
    memory.close()


def test_the_answers_are_those_of_the_standard(witness: Caller) -> None:
    """200 with the line, 409 with the size, 422, 404, 403, 400."""
    good = witness("POST", PATH, request(0, 8))
    assert (good.status, good.body.decode().startswith("— witness.example/w1 ")) == (200, True)
    stale = witness("POST", PATH, request(3, 20))
    assert (stale.status, stale.headers["content-type"], stale.body) == (409, "text/x.tlog.size", b"8\n")
    assert witness("POST", PATH, request(8, 20, LEAVES[::-1])).status == 422
    assert witness("POST", PATH, b"old 0\n\n" + head(3).replace(LOG.name, "x").encode()).status == 404
    assert witness("POST", PATH, b"old 0\n\n" + head(3).replace("\n3\n", "\n4\n").encode()).status == 403
    assert witness("POST", PATH, b"nonsense").status == 400


def test_there_is_nothing_else(witness: Caller) -> None:
    """Other paths and methods are refused, and so is a body that is too large."""
    assert witness("GET", "/").status == 404
    assert witness("GET", PATH).headers["allow"] == "POST"
    assert witness("POST", PATH, b"x" * 20_000).status == 413


class Broken(Memory):
    """A memory whose disk is full."""

    def keep(self, origin: str, note: str) -> None:
        """Fails."""
        raise KeyProblem("no space left")


def test_what_cannot_be_remembered_is_not_signed(tmp_path: Path, clock: ManualClock) -> None:
    """A witness whose memory fails says 500, and gives no signature."""
    memory = Broken(tmp_path)
    with serving(witness_app(Witness(SIGNER, {LOG.name: [LOG.verifier]}, memory, clock))) as address:
        heard = Caller(*address)("POST", PATH, request(0, 8))
    memory.close()
    assert (heard.status, b"witness.example" in heard.body) == (500, False)
