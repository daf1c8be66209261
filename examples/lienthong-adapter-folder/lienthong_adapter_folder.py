"""Sender ``folder``: one XML file per message in a shared folder, the answer as a file of the same name
in another.

A file appears under its final name only when it is whole and on disk. The name comes from the
idempotency key, so that a message that is sent again replaces itself and is not taken twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from lienthong.plugin import (
    Ambiguous,
    CheckReport,
    Features,
    Malformed,
    Reply,
    Request,
    Resources,
    Settings,
    Spec,
    Unavailable,
    Wire,
    XmlRefused,
    parse_xml,
)

_PAUSE = 0.05


class FolderSettings(Settings):
    """An agency behind two shared folders."""

    outbox: Path = Field(description="folder into which messages are put; must exist")
    inbox: Path = Field(description="folder in which answers appear; must exist")
    operations: Mapping[str, str] = Field(description="operation → Clark name of its document's root")
    wait_seconds: float = Field(60, gt=0, description="how long an answer is waited for")
    size_limit: int = Field(16 * 1024 * 1024, gt=0, description="bound of an answer in bytes")


class Folder:
    """Two folders, shared with one agency."""

    features = Features(network=False)

    def __init__(self, settings: FolderSettings, resources: Resources) -> None:
        """Nothing is created: folders that do not exist are a mistake in the settings."""
        self._settings = settings

    def encode(self, request: Request) -> Wire:
        """The document as it is. Raises ValueError if it is not the operation's."""
        expected = self._settings.operations.get(request.operation)
        if expected is None:
            raise ValueError(f"there is no operation {request.operation!r} here")
        try:
            root = parse_xml(request.payload)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error
        if root.tag != expected:
            raise ValueError(f"the payload is {root.tag}, not {expected}")
        # A key may hold anything; a file name may not.
        name = hashlib.sha256(request.key.encode()).hexdigest()[:32] + ".xml"
        return Wire(request.operation, request.key, name, request.payload)

    async def send(self, wire: Wire) -> Reply:
        """Put the file into the outbox and wait for the answer's file in the inbox."""
        try:
            await asyncio.to_thread(_put, self._settings.outbox / wire.url, wire.body)
        except OSError as error:
            raise Unavailable(f"the outbox cannot be written ({error.strerror})") from error
        body = await self._answer(self._settings.inbox / wire.url)
        try:
            parse_xml(body)
        except XmlRefused as error:
            raise Malformed(f"the answer: {error}", raw=body) from error
        return Reply(wire.operation, body, body)

    async def check(self) -> CheckReport:
        """Whether both folders are there and can be used."""
        folders = {self._settings.outbox: os.W_OK, self._settings.inbox: os.R_OK}
        found = {folder: folder.is_dir() and os.access(folder, mode) for folder, mode in folders.items()}
        lines = tuple(f"{folder}: {'usable' if usable else 'NOT usable'}" for folder, usable in found.items())
        return CheckReport(all(found.values()), lines)

    async def close(self) -> None:
        """Nothing is open."""

    async def _answer(self, path: Path) -> bytes:
        try:
            async with asyncio.timeout(self._settings.wait_seconds):
                while not await asyncio.to_thread(path.is_file):  # noqa: ASYNC110 - a folder has no events
                    await asyncio.sleep(_PAUSE)
            return await asyncio.to_thread(_take, path, self._settings.size_limit)
        except TimeoutError as error:
            raise Ambiguous("the file was put down, but no answer appeared") from error
        except OSError as error:
            raise Ambiguous(f"the answer cannot be read ({error.strerror})") from error


def _put(path: Path, data: bytes) -> None:
    """Write beside, sync, rename, sync the folder: a reader sees the whole file or none."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take(path: Path, limit: int) -> bytes:
    """Read the answer and remove it."""
    if path.stat().st_size > limit:
        raise Malformed(f"the answer is larger than {limit} bytes")
    data = path.read_bytes()
    path.unlink()
    return data


SPEC = Spec(
    name="folder",
    direction="send",
    summary="Exchanges XML files with an agency through two shared folders.",
    settings=FolderSettings,
    build=Folder,
    features=Folder.features,
)
"""Declaration of the adapter; the entry point names it."""
