"""What a command needs to make evidence and archives beside a hub: its database, its keys, its authorities."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from adapters.base import Resources
from adapters.http import HttpClient
from broker.clock import random_id, system_clock
from broker.config.project import Project
from broker.evidence.gathering import NotAsSigned, TooMuch
from broker.evidence.logfiles import FileWrong
from broker.evidence.vouching import Vouching, vouching
from broker.keys.keyring import ring_of
from broker.log.authorities import authorities
from broker.log.logbook import Logbook
from broker.log.timestamping import Timestamping
from broker.store.engine import Store
from lienthong.cli.common import FOUND_WRONG, explained, fail, load, store
from signing.log.note import load_note_key

T = TypeVar("T")

Out = Annotated[Path, typer.Option("--out", help="File to write; replaced if it is there.")]
What = Annotated[str, typer.Option("--purpose", help="What it is wanted for, kept with the act.")]


def run(folder: Path, work: Callable[[Vouching], Awaitable[T]]) -> T:
    """Do ``work`` with the evidence and archives of the project in ``folder``; ends the command if it fails."""
    project = load(folder)
    with store(project) as opened, explained(), _explained():
        return asyncio.run(_run(project, opened, work))


async def _run(project: Project, opened: Store, work: Callable[[Vouching], Awaitable[T]]) -> T:
    async with _open(project, opened) as made:
        return await work(made)


@contextlib.asynccontextmanager
async def _open(project: Project, opened: Store) -> AsyncIterator[Vouching]:
    keys, hub = project.path(project.hub.keys), project.hub
    note_signer = load_note_key(keys, hub.key)
    http = HttpClient(clock=system_clock)
    rng = random.SystemRandom()
    resources = Resources(
        http=http,
        contracts=project.folder / "xsd",
        clock=system_clock,
        new_id=random_id,
        secret=project.secrets.get,
        signer=ring_of(project).signer(),
    )
    timestamping = Timestamping(
        opened,
        authorities(project, http, system_clock),
        hub.evidence.timestamps,
        hub.owner,
        clock=system_clock,
        new_id=random_id,
        nonce=lambda: rng.getrandbits(64),
    )
    logbook = Logbook(opened, project.path(hub.data), system_clock, note_signer, hub.evidence.witness_keys)
    try:
        yield vouching(project, opened, logbook, note_signer.verifier, resources, timestamping)
    finally:
        await http.close()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (NotAsSigned, TooMuch, FileWrong) as error:
        fail(FOUND_WRONG, str(error))
