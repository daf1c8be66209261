"""The folder adapter keeps the contract of a sender."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lienthong_adapter_folder import SPEC

from lienthong.plugin import Ambiguous, Answer, Malformed, Reply, Request, Sender, Unavailable
from lienthong.testing import AdapterContract, Heard


class TestFolder(AdapterContract):
    """With an agency that answers every file with a receipt of the same key."""

    spec = SPEC

    @pytest.fixture(autouse=True)
    async def folders(self, tmp_path: Path) -> AsyncIterator[Path]:
        """Two folders, and the agency that watches them."""
        self.place = tmp_path
        for name in ("out", "in"):
            (tmp_path / name).mkdir()
        agency = asyncio.create_task(self.watch())
        yield tmp_path
        agency.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await agency

    async def watch(self) -> None:
        """The agency: takes what is whole, answers atomically."""
        while True:
            for path in (self.place / "out").glob("*.xml"):
                answer = path.read_bytes().replace(b"note>", b"receipt>")
                path.unlink()
                (self.place / "in" / "answer.part").write_bytes(answer)
                (self.place / "in" / "answer.part").replace(self.place / "in" / path.name)
            await asyncio.sleep(0.01)

    def settings(self, url: str) -> dict[str, Any]:
        """The two folders."""
        out, into = self.place / "out", self.place / "in"
        return {"outbox": out, "inbox": into, "operations": {"Note": "note"}}

    def request(self, number: int = 0) -> Request:
        """A note with its key in it."""
        return Request("Note", b"<note>key-%d</note>" % number, f"key-{number}")

    def agency(self, heard: Heard) -> Answer:
        """Never asked over HTTP."""
        return Answer(500, b"", "text/plain")

    async def test_silence_is_ambiguous(self, http: Any) -> None:
        """The file was put down: somebody may have taken it."""
        sender: Sender = self.build("", http, inbox=self.place, wait_seconds=0.2)
        with pytest.raises(Ambiguous):
            await sender.send(sender.encode(self.request()))

    async def test_missing_folder_is_unavailable(self, http: Any) -> None:
        """Nothing was put down, and nothing is created."""
        sender: Sender = self.build("", http, outbox=self.place / "gone")
        with pytest.raises(Unavailable):
            await sender.send(sender.encode(self.request()))
        assert not (await sender.check()).ok
        assert not (self.place / "gone").exists()

    async def test_broken_answer_is_malformed(self, http: Any) -> None:
        """What is not XML is kept for a person."""
        sender: Sender = self.build("", http, inbox=self.place, wait_seconds=5)
        wire = sender.encode(self.request())
        (self.place / wire.url).write_bytes(b"<broken")
        with pytest.raises(Malformed) as caught:
            await sender.send(wire)
        assert caught.value.raw == b"<broken"

    async def test_key_cannot_lead_elsewhere(self, sender: Sender) -> None:
        """A key is data from outside; the file name is not made of its characters."""
        wire = sender.encode(dataclasses.replace(self.request(), key="../../etc/passwd"))
        assert "/" not in wire.url

    async def test_answer_is_taken_once(self, http: Any) -> None:
        """Both folders are empty afterwards."""
        sender: Sender = self.build("", http)
        reply: Reply = await sender.send(sender.encode(self.request()))
        assert reply.payload == b"<receipt>key-0</receipt>"
        assert not list((self.place / "in").iterdir())
