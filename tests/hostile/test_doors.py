"""Hostile input at the doors of a running hub: each is refused in the door's own words, quickly, and is an entry of the
log.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from broker.store.rows import MessageFilter
from sandbox.yte.agency import Yte
from tests.hostile import bulk, forge, markup, wrapping
from tests.hostile.attack import Hostile
from tests.hostile.canary import canary
from tests.hostile.child import forget_peak, peak
from tests.hostile.json_inputs import json_inputs
from tests.worlds import Stage, stage

MOST_SECONDS = 1.0
MOST_MEMORY = 200_000_000


@dataclasses.dataclass(frozen=True)
class Door:
    """Where something is posted: path, header fields, how the document is packed; and who it is taken for."""

    path: str
    fields: Mapping[str, str]
    source: str
    pack: Callable[[bytes], bytes] = lambda document: document


@dataclasses.dataclass
class Entrance:
    """A running hub, its doors, and a client that looks at the log after every refusal."""

    world: Stage
    session: aiohttp.ClientSession
    last: str = ""

    def rest(self, media_type: str = "application/xml") -> Door:
        """The portal's submissions."""
        return Door(
            "/api/v1/dossiers", {"X-Api-Key": self.world.portal_key, "Content-Type": media_type}, "dvcqg"
        )

    def doors(self) -> Iterator[Door]:
        """Every door that takes XML."""
        soap = {"Content-Type": "text/xml; charset=utf-8"}
        yield self.rest()
        yield Door("/soap/intake", {**soap, "X-Api-Key": self.world.portal_key}, "dvcqg")
        yield Door("/agency/cutru", {"Content-Type": "application/soap+xml; charset=utf-8"}, "cutru")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        yield Door("/agency/yte", form, "yte", self._form)

    def _form(self, document: bytes) -> bytes:
        yte = self.world.sandbox.agency("yte")
        assert isinstance(yte, Yte)
        return urlencode({**yte.form("01005", "birth", b""), "fileBase64Str": _base64(document)}).encode()

    async def refused(self, hostile: Hostile, door: Door) -> str | None:
        """Post one input; what is not as it must be, None if all is well."""
        body = door.pack(hostile.make())
        forget_peak()
        before, start = peak(), time.process_time()
        status, said = await self._posted(door, body)
        seconds, grown = time.process_time() - start, peak() - before
        canary().must_be_silent()
        wrong = self._answer(status, said) or self._entry(door)
        if seconds > MOST_SECONDS or grown > MOST_MEMORY:
            wrong = f"took {seconds:.2f} s and {grown / 1e6:.0f} MB"
        self.world.clock.advance(seconds=10)  # so many entries a minute are made of one source
        return wrong and f"{hostile.name} at {door.path}: {wrong}"

    async def _posted(self, door: Door, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; 413 where the hub hung up before it had read everything."""
        data = io.BytesIO(body)
        try:
            async with self.session.post(
                self.world.url + door.path, data=data, headers=door.fields
            ) as answer:
                return answer.status, await answer.read()
        except aiohttp.ClientOSError:
            return 413, b"hung up"

    def _answer(self, status: int, said: bytes) -> str | None:
        """A refusal says why; it is no failure of ours. A fault of SOAP 1.1 is a 500 by its standard."""
        ours = b"Server</faultcode>" in said or b":Receiver<" in said or "sự cố".encode() in said
        if status < 400 or ours or (status >= 500 and b"Fault" not in said):
            return f"was answered {status}: {said[:300]!r}"
        return None if said else "was refused without a word"

    def _entry(self, door: Door) -> str | None:
        newest = self.world.hub.store.read(
            lambda tx: tx.messages.search(MessageFilter(kind="refused"), limit=1)
        ).items
        if not newest or newest[0].id == self.last:
            return "left no entry in the log"
        self.last = newest[0].id
        entry = newest[0]
        # Of what is too large for a door nobody reads whose it is.
        known = entry.agency == door.source or entry.outcome == "too-large"
        return None if known and entry.outcome else f"is logged as {entry}"


def _base64(document: bytes) -> str:
    return base64.b64encode(document).decode()


@asynccontextmanager
async def entrance(folder: Path) -> AsyncIterator[Entrance]:
    """A hub with its agencies, and nobody in front of it yet."""
    async with stage(folder) as world, aiohttp.ClientSession() as session:
        yield Entrance(world, session)


def _documents() -> Iterator[Hostile]:
    """What is no XML that the hub reads, and documents whose signature does not hold. Bulk, up to a bound of sizes."""
    for attack in (markup.DOCUMENT_TYPES, markup.ENTITIES, markup.ENCODINGS, markup.MALFORMED):
        yield from attack.inputs()
    yield from (hostile for number, hostile in enumerate(bulk.BULK.inputs()) if number % 6 == 0)
    yield from (hostile for number, hostile in enumerate(wrapping.DOCUMENTS.inputs()) if number % 4 == 0)
    yield Hostile("a document of a stranger", lambda: forge.enveloped(name="stranger"), "")


async def test_documents_at_every_door(tmp_path: Path) -> None:
    """REST, SOAP intake, an agency's call-back and the facilities' gateway, two for each input, refuse and log it."""
    async with entrance(tmp_path) as here:
        yte = here.world.sandbox.agency("yte")
        assert isinstance(yte, Yte)
        found = []
        doors = tuple(here.doors())
        for number, hostile in enumerate(_documents()):
            await yte._take_token("01005")
            for door in (doors[number % 4], doors[(number + 1) % 4]):
                found.append(await here.refused(hostile, door))
        assert not [wrong for wrong in found if wrong], "\n" + "\n".join(wrong for wrong in found if wrong)
        assert here.world.hub.check() == []


async def test_json_at_the_door(tmp_path: Path) -> None:
    """JSON that is none, that says things twice, or that is far too deep, is refused and logged as well."""
    async with entrance(tmp_path) as here:
        door = here.rest("application/json")
        found = [await here.refused(hostile, door) for hostile in json_inputs()]
        assert not [wrong for wrong in found if wrong], "\n" + "\n".join(wrong for wrong in found if wrong)


def test_inputs_for_doors_are_many() -> None:
    """Each class of documents is there."""
    assert len({hostile.name for hostile in _documents()}) > 150
