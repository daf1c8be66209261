"""Evidence for tests: a hub's own, with an authority that stamps at once, and what a verifier says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from broker.config.evidence import Archives as Settings
from broker.evidence.archives import Archives
from broker.evidence.containers import Containers
from broker.evidence.gathering import Asked, Evidence
from broker.evidence.logfiles import LogFiles
from broker.evidence.verifying import Verifying
from broker.log.timestamping import Unstamped
from signing.audit import Report, verify_file
from signing.container import asic
from signing.keys import load_key
from signing.log.note import load_note_key
from signing.stamps import timestamp
from signing.stamps.authority import EmbeddedAuthority, create_authority
from signing.verifier.anchors import Anchors
from tests.broker.rig import Rig

WITH_BODIES = Asked("cb-thanh-tra", "khiếu nại 17/2026", bodies=True)
WITHOUT = Asked("cb-thanh-tra", "khiếu nại 17/2026")


class Authority:
    """A time-stamping authority that can be away."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        """Its key goes into ``folder``."""
        self.key = create_authority(folder, "tsa", clock=rig.clock)
        self._authority = EmbeddedAuthority(self.key, clock=rig.clock)
        self._rig = rig
        self.away = False

    async def stamp(self, data: bytes) -> bytes:
        """A token over ``data``."""
        if self.away:
            raise Unstamped("the authority is away")
        digest = hashlib.sha256(data).digest()
        response = self._authority.issue(timestamp.request(digest, nonce=7))
        return timestamp.read_response(response, digest=digest, nonce=7)

    async def stamp_head(self, *, independent: bool = False) -> None:
        """Stamp the newest signed head, as the hub's rounds do."""
        if self.away:
            return
        head = self._rig.hub.store.read(lambda tx: tx.log.last_checkpoint())
        assert head is not None
        token = await self.stamp(head.note.encode())
        size, at = head.size, self._rig.clock()
        await self._rig.hub.store.write(
            lambda tx: tx.timestamps.add(size, "ben-trong", at, token, independent=independent)
        )


def evidence(rig: Rig, folder: Path, authority: Authority | None = None, **options: Any) -> Evidence:
    """The evidence of ``rig``'s hub."""
    hub = rig.hub
    stamp: dict[str, Any] = {"stamp": authority.stamp} if authority else {}
    return Evidence(
        hub.store,
        hub.log.book,
        Containers(load_key(folder / "keys", "hub"), rig.clock, **stamp),
        load_note_key(folder / "keys", "hub").verifier,
        rig.clock,
        names={agency.id: agency.config.name for agency in hub.agencies.values()},
        services={name: process.name for name, process in hub.project.processes.items()},
        stamp_head=authority.stamp_head if authority else None,
        **options,
    )


def anchors(folder: Path, authority: Authority | None = None) -> Anchors:
    """What somebody must know to verify evidence of the hub whose keys are in ``folder``."""
    return Anchors(
        certificates=(load_key(folder / "keys", "hub").certificate,),
        authorities=(authority.key.certificate,) if authority else (),
        logs=(load_note_key(folder / "keys", "hub").verifier,),
    )


def verified(folder: Path, data: bytes, known: Anchors) -> Report:
    """What the verifier says of a file."""
    path = folder / "evidence.asice"
    path.write_bytes(data)
    return verify_file(path, known)


def errors(report: Report, *, but: Callable[[Any], bool] = lambda _: False) -> list[str]:
    """What is wrong, in words."""
    found = [*report.findings]
    return [f"{one.place}: {one.text}" for one in found if one.severity == "error" and not but(one)]


def said(data: bytes) -> Any:
    """``evidence.json`` of a file."""
    with asic.read(data) as container:
        return json.loads(container.read("evidence.json"))


def explained(data: bytes) -> str:
    """The page of a file."""
    with asic.read(data) as container:
        return container.read("explanation.html").decode()


def archives(
    rig: Rig, folder: Path, authority: Authority | None = None, program: Sequence[str] = (), **settings: Any
) -> Archives:
    """The archives of ``rig``'s hub, by the day unless said otherwise."""
    hub = rig.hub
    stamp: dict[str, Any] = {"stamp": authority.stamp} if authority else {}
    verifier = load_note_key(folder / "keys", "hub").verifier
    files = LogFiles(
        hub.store,
        Containers(load_key(folder / "keys", "hub"), rig.clock, **stamp),
        verifier,
        rig.clock,
        Verifying(lambda: anchors(folder, authority)),
    )
    return Archives(
        hub.store,
        hub.log.book,
        files,
        rig.clock,
        settings=Settings(**{"period": "day", "transfer": tuple(program), **settings}),
        folder=folder / "archives",
        owner="truc-he-thong",
    )
