"""A whole throw-away world: a hub with fresh keys and an empty database, and the sandbox agencies around it.

The demo, the tests and the bench all live in one of these. Everything that it makes is below one folder; the
project's own files are read and never written.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import secrets
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import uvicorn

from broker.application import application
from broker.config.evidence import EMBEDDED
from broker.config.project import Project
from broker.hub import Hub, Outside
from broker.log.authorities import FOLDER
from broker.mapping.collection import Mappings, load_all
from broker.opening import open_hub
from broker.store import migrations
from broker.web.server import configured
from lienthong import neighbours
from sandbox import AGENCIES, Sandbox, SandboxProcess
from signing.keys import create_key
from signing.log.note import create_note_key
from signing.stamps.authority import create_authority
from signing.vault import create_data_key

HOST = "127.0.0.1"
PORTAL = "dvcqg"
HUB_KEY = "hub"

_PORTAL_KEY = "portal-key"
_SECRETS = (_PORTAL_KEY, *(secret for shared in neighbours.SHARED.values() for secret in shared.values()))


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a world is like. ``overrides`` are dotted keys of the configuration; ``database`` a URL, else SQLite.

    ``work``: deliver and tick in the background; ``apart``: the agencies run in a process of their own.
    """

    project: Path
    folder: Path
    outside: Outside = dataclasses.field(default_factory=Outside)
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    database: str | None = None
    work: bool = True
    apart: bool = False
    agencies: tuple[str, ...] = AGENCIES
    mappings: Mappings | None = None
    sandbox: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Agencies(Protocol):
    """What the world needs to know of its agencies, wherever they run."""

    @property
    def names(self) -> tuple[str, ...]:
        """The agencies that run."""

    @property
    def control_url(self) -> str:
        """Address of the common control server."""

    def url(self, name: str) -> str:
        """Address of an agency."""

    def certificate(self, name: str) -> Path:
        """PEM file of an agency's certificate."""


class World:
    """A hub and its agencies, running while entered."""

    hub: Hub
    sandbox: Agencies

    def __init__(self, plan: Plan) -> None:
        """Nothing is made before the world is entered."""
        self.plan = plan
        self.folder = plan.folder
        self._stack = AsyncExitStack()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        # With the protocol named, or asyncio does not switch off the delay of small packets.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._paths: dict[str, str] = {}
        self._mappings = plan.mappings

    @property
    def url(self) -> str:
        """The hub's address."""
        return f"http://{HOST}:{self._socket.getsockname()[1]}"

    @property
    def portal_key(self) -> str:
        """The API key of the portal."""
        return self._secret(_PORTAL_KEY).read_text(encoding="utf-8")

    async def __aenter__(self) -> Self:
        """Make keys, agencies, database and hub, and start them."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop hub and agencies; the folder stays."""
        await self._stack.aclose()

    async def start_hub(self) -> None:
        """Open the hub over what is in the folder, and serve it."""
        self.hub = open_hub(self.load(), outside=self.plan.outside, mappings=self._mappings)
        app = application(self.hub, work=self.plan.work)
        self._server = uvicorn.Server(configured(app, host=HOST, port=0))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket.dup()]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)

    async def stop_hub(self) -> None:
        """Stop serving and close the database."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
            self._server = None
            await self.hub.close()

    def load(self) -> Project:
        """The project as this world overrides it."""
        return Project.load(self.plan.project, self.overrides())

    def overrides(self) -> dict[str, Any]:
        """Where this world differs from the project's files: addresses, folders, secrets, and what the plan says."""
        values: dict[str, Any] = {
            "hub.listen.host": HOST,
            "hub.listen.port": int(self.url.rpartition(":")[2]),
            "hub.public_url": self.url,
            "hub.database": self.plan.database or f"sqlite:///{self.folder / 'hub.sqlite3'}",
            "hub.data": str(self.folder / "data"),
            "hub.keys": str(self.folder / "keys"),
            "hub.trust": str(self.folder / "trust"),
            "hub.evidence.archives.folder": str(self.folder / "archives"),
        }
        for name in _SECRETS:
            values[f"hub.secrets.{name}"] = f"file:{self._secret(name)}"
        if neighbours.IDENTITY in self.sandbox.names:
            values["hub.sign_in.issuer"] = self.sandbox.url(neighbours.IDENTITY)
        for name in set(self.sandbox.names) - {neighbours.IDENTITY}:
            values[f"agencies.{name}.adapters.send.settings.address"] = (
                self.sandbox.url(name) + self._paths[name]
            )
        return values | dict(self.plan.overrides)

    async def _start(self) -> None:
        self._bind()
        self._prepare()
        project = Project.load(self.plan.project)
        self._paths = _paths(project)
        arguments = {
            "hub_url": self.url,
            "hub_certificate": self.folder / "keys" / f"{HUB_KEY}.crt.pem",
            "options": neighbours.options(
                project, lambda name: self._secret(name).read_text(encoding="utf-8")
            ),
            "agencies": self.plan.agencies,
            "contracts": self.plan.project / "xsd",
            **self.plan.sandbox,
        }
        if self.plan.apart:
            self.sandbox = self._stack.enter_context(SandboxProcess(self.folder / "sandbox", **arguments))
        else:
            self.sandbox = await self._stack.enter_async_context(
                Sandbox(self.folder / "sandbox", **arguments)
            )
        # Proved while the agencies start in their process, and not again when the hub is started again.
        self._mappings = self._mappings or load_all(self.plan.project)
        neighbours.trust(self.folder / "trust", self.sandbox)
        project = self.load()
        migrations.upgrade(project.database_url)
        (self.folder / "local.json").write_text(json.dumps(self.overrides(), indent=2), encoding="utf-8")
        self._stack.push_async_callback(self.stop_hub)
        await self.start_hub()

    def _bind(self) -> None:
        """Take the hub's port first: agencies and configuration must know it."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, self.plan.overrides.get("hub.listen.port", 0)))
        self._socket.listen(512)
        self._stack.callback(self._socket.close)

    def _prepare(self) -> None:
        for name in ("keys", "trust", "secrets", "data/blobs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        keys = self.folder / "keys"
        if not (keys / f"{HUB_KEY}.key.pem").exists():
            create_key(keys, HUB_KEY, subject="CN=Lien Thong (throw-away)", clock=self.plan.outside.clock)
            create_note_key(keys, HUB_KEY, origin="lienthong.example/demo")
            create_data_key(keys, clock=self.plan.outside.clock)
            create_authority(keys / FOLDER, EMBEDDED, clock=self.plan.outside.clock)
        for name in _SECRETS:
            if not self._secret(name).exists():
                self._secret(name).write_text(secrets.token_urlsafe(18), encoding="utf-8")

    def _secret(self, name: str) -> Path:
        return self.folder / "secrets" / name


def _paths(project: Project) -> dict[str, str]:
    """Agency → path of its endpoint, as the project's configuration names it."""
    uses = {name: agency.adapters.send for name, agency in project.agencies.items()}
    return {
        name: urlsplit(str(use.settings.get("address", ""))).path
        for name, use in uses.items()
        if use is not None
    }
