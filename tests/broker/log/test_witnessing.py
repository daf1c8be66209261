"""The log's side of its witnesses: heads are shown, co-signatures kept, contradictions alarmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.base import Answer
from broker.config.evidence import Witness as Settings
from broker.log.logbook import Logbook
from broker.log.witnessing import Witnessing
from broker.web.exchange import App, Receive, Scope, Send, send_answer
from broker.web.witness import witness_app
from signing.log.cosignature import CosignatureSigner, cosignatures
from signing.log.note import load_note_key
from signing.log.witness import Memory, Witness
from tests.broker.rig import Rig
from tests.broker.web.serving import serving

SIGNER = CosignatureSigner("witness.example/w1", bytes(range(1, 33)))


class Neighbour:
    """A witness in a folder of its own, and the hub's view of it."""

    def __init__(self, rig: Rig, folder: Path, name: str = "chung-kien") -> None:
        self.rig = rig
        self.folder = folder
        self.name = name

    @contextmanager
    def up(self) -> Iterator[Witnessing]:
        """The witness answers while the context lasts."""
        log = load_note_key(self.rig.hub.project.path(self.rig.hub.project.hub.keys), "hub").verifier
        memory = Memory(self.folder)
        try:
            app = witness_app(Witness(SIGNER, {log.name: [log]}, memory, self.rig.clock))
            with self.answering(app) as asked:
                yield asked
        finally:
            memory.close()

    @contextmanager
    def answering(self, app: App) -> Iterator[Witnessing]:
        """Anything else that answers in its place."""
        with serving(app) as (host, port):
            yield self.at(f"http://{host}:{port}")

    def at(self, url: str) -> Witnessing:
        """The hub's side, for a witness at this address."""
        settings = Settings(name=self.name, url=url, key=SIGNER.verifier.vkey)
        hub = self.rig.hub
        return Witnessing(hub.store, hub.resources.http, [settings], "truc", self.rig.clock)


@pytest.fixture
def neighbour(rig: Rig, tmp_path: Path) -> Neighbour:
    """A witness that has seen nothing yet."""
    return Neighbour(rig, tmp_path / "witness")


async def grow(rig: Rig, message_id: str) -> int:
    """More entries, and a signed head over them."""
    await rig.submit(message_id)
    size = await rig.hub.log.book.checkpoint()
    assert size is not None
    return size


def signed(rig: Rig) -> list[int]:
    """Sizes of the heads that the witness has signed."""
    return [size for size, _ in rig.hub.store.read(lambda tx: tx.cosignatures.all())]


async def test_every_new_head_is_signed_once(rig: Rig, neighbour: Neighbour) -> None:
    """Each run shows the newest head, proven from the one that the witness saw before."""
    with neighbour.up() as witnessing:
        assert await witnessing.run() == 0
        first = await grow(rig, "message-1")
        assert [await witnessing.run(), await witnessing.run()] == [1, 0]
        second = await grow(rig, "message-2")
        assert await witnessing.run() == 1
    assert signed(rig) == [first, second]
    newest = rig.hub.store.read(lambda tx: tx.cosignatures.newest())
    assert newest is not None
    note = rig.hub.store.read(lambda tx: tx.cosignatures.cosigned(newest))
    [given] = cosignatures(note, [SIGNER.verifier])
    assert given.at == rig.clock().replace(microsecond=0)


async def test_a_witness_that_knows_more_than_we_remember(rig: Rig, neighbour: Neighbour) -> None:
    """It says from which size, and the proof begins there: nothing is lost if our copy of its lines is."""
    await grow(rig, "message-1")
    with neighbour.up() as witnessing:
        await witnessing.run()
        rig.hub.store.write_sync(lambda tx: tx.log._conn.exec_driver_sql("DELETE FROM log_cosignatures"))
        size = await grow(rig, "message-2")
        assert await witnessing.run() == 1
    assert signed(rig) == [size]
    assert rig.work("witness") == []


async def test_a_witness_that_is_away_stops_nothing(rig: Rig, neighbour: Neighbour) -> None:
    """It is asked again at the next run, and a person hears of it once a day, but only after a while."""
    await grow(rig, "message-1")
    away = neighbour.at("http://127.0.0.1:9")
    assert await away.run() == 0
    assert rig.work("witness") == []
    rig.clock.advance(hours=5)
    size = await grow(rig, "message-2")
    assert [await away.run(), await away.run()] == [0, 0]
    [item] = rig.work("witness")
    assert "has signed nothing for 5 hours" in item.reason
    with neighbour.up() as witnessing:
        assert await witnessing.run() == 1
    assert signed(rig) == [size]


async def test_a_rewritten_log_is_an_alarm(rig: Rig, neighbour: Neighbour, tmp_path: Path) -> None:
    """A head that does not continue what the witness remembers is not signed, and a person hears of it at once."""
    await grow(rig, "message-1")
    with neighbour.up() as witnessing:
        await witnessing.run()
    remembered = next((tmp_path / "witness").glob("*.note"))
    other = remembered.read_text().split("\n")
    other[2] = "A" * 43 + "="
    remembered.write_text("\n".join(other))
    await grow(rig, "message-2")
    with neighbour.up() as witnessing:
        assert [await witnessing.run(), await witnessing.run()] == [0, 0]
    [item] = rig.work("witness")
    assert "the log contradicts chung-kien" in item.reason


async def test_a_log_that_was_cut_off_is_an_alarm(rig: Rig, neighbour: Neighbour, tmp_path: Path) -> None:
    """A witness that has seen more entries than there are means that entries are gone."""
    await grow(rig, "message-1")
    with neighbour.up() as witnessing:
        await witnessing.run()
    remembered = next((tmp_path / "witness").glob("*.note"))
    other = remembered.read_text().split("\n")
    other[1] = "1000"
    remembered.write_text("\n".join(other))
    await grow(rig, "message-2")
    with neighbour.up() as witnessing:
        assert await witnessing.run() == 0
    [item] = rig.work("witness")
    assert "it has seen 1000 entries" in item.reason


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"", "text/plain"),
        Answer(200, b"\xff", "text/plain"),
        Answer(200, "— witness.example/w1 AAAA\n".encode(), "text/plain"),
        Answer(
            200,
            CosignatureSigner("witness.example/w9", bytes(32)).signature_line("x\n").encode(),
            "text/plain",
        ),
        Answer(404, b"who are you", "text/plain"),
        Answer(301, b"", "text/plain", {"location": "http://127.0.0.1/"}),
    ],
)
async def test_what_is_no_cosignature_is_not_kept(rig: Rig, neighbour: Neighbour, answer: Answer) -> None:
    """Whatever answers in the witness's place: nothing is kept, nothing breaks, and it is no contradiction."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send_answer(send, answer)
            return
        for state in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{state}.complete"})

    await grow(rig, "message-1")
    with neighbour.answering(app) as witnessing:
        assert await witnessing.run() == 0
    assert (signed(rig), rig.work("witness")) == ([], [])


async def test_a_changed_cosignature_is_found(rig: Rig, neighbour: Neighbour, tmp_path: Path) -> None:
    """The whole verification looks at every line that claims to be a known witness's."""
    await grow(rig, "message-1")
    with neighbour.up() as witnessing:
        await witnessing.run()
    key = load_note_key(tmp_path / "keys", "hub").verifier
    book = Logbook(rig.hub.store, tmp_path / "data", rig.clock, witnesses=[SIGNER.verifier])
    assert book.verify(key).ok
    rig.hub.store.write_sync(
        lambda tx: tx.log._conn.exec_driver_sql("UPDATE log_cosignatures SET line = replace(line, 'A', 'B')")
    )
    assert [finding.code for finding in book.verify(key).findings if finding.severity == "error"] == [
        "cosignature"
    ]
    rig.hub.store.write_sync(lambda tx: tx.log._conn.exec_driver_sql("UPDATE log_cosignatures SET size = 99"))
    assert any("not there any more" in finding.text for finding in book.verify(key).findings)
