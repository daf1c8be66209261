"""The base of every stand-in agency: a server, a database, a key, and the means to behave badly."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from cryptography import x509
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.core import callbacks, desk, soap
from sandbox.core.callbacks import Callback, Callbacks
from sandbox.core.clock import system_clock
from sandbox.core.control import control_routes
from sandbox.core.damage import Answer
from sandbox.core.database import Database
from sandbox.core.decisions import DecisionRules
from sandbox.core.desk import Desk
from sandbox.core.gate import Gate
from sandbox.core.keys import HubTrust, identity
from sandbox.core.page import page_routes
from sandbox.core.rules import Call, Fault, FaultRules
from sandbox.core.server import HOST, Server
from sandbox.core.soap import SoapFault, Version
from sandbox.core.xml import NotXml, local_name, parse, serialize


def default_contracts() -> Path:
    """The ``xsd`` folder of a source tree, else that of the current folder."""
    beside = Path(__file__).resolve().parents[2] / "xsd"
    return beside if beside.is_dir() else Path("xsd").resolve()


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how one agency runs. ``options`` are the agency's own switches, documented in its package.

    ``tick`` is how often, in seconds of real time, results are pushed to the hub.
    """

    folder: Path
    port: int = 0
    hub_url: str | None = None
    hub_certificate: Path | None = None
    contracts: Path = field(default_factory=default_contracts)
    clock: Callable[[], datetime] = system_clock
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    seed: int = 1
    tick: float = 0.05
    callback_retry: timedelta = timedelta(seconds=2)
    options: Mapping[str, Any] = field(default_factory=dict)


class Agency(ABC):
    """One agency. Subclasses set the class variables and give `routes`; the rest is here.

    ``faults``, ``decisions``, ``latency`` and `set_down` are the Python side of the control API; ``desk`` is
    the book of what was taken in; ``callbacks`` the outbox of results; ``identity`` its key; ``database`` its
    own SQLite file.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    english: ClassVar[str]
    schema: ClassVar[str] = ""
    soap_version: ClassVar[Version | None] = None
    corrects: ClassVar[bool] = False

    def __init__(self, site: Site) -> None:
        """Open the database, load or create the key, bind the port. Nothing listens before `start`."""
        self.site = site
        self.folder = site.folder / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock = site.clock
        self.hub_url = site.hub_url
        self.hub = HubTrust(site.hub_certificate)
        self.random = random.Random(f"{site.seed}/{self.name}")
        self.database = Database(self.folder / f"{self.name}.db", desk.SCHEMA, callbacks.SCHEMA, self.schema)
        self.identity = identity(self.folder, self.name, self.clock())
        self.faults = FaultRules(self.random.random)
        self.decisions = DecisionRules()
        self.desk = Desk(self.database, self.decisions, self.clock)
        self.callbacks = Callbacks(
            self.database,
            self.clock,
            self.faults,
            lambda: self.hub_url,
            self.seal_callback,
            self.acknowledged,
            retry=site.callback_retry,
        )
        self.latency = 0.0
        self.closing = asyncio.Event()
        self.is_down = False
        self.prepare()
        self.app = Gate(Starlette(routes=[*self.routes(), *page_routes(self), *control_routes(self)]), self)
        self.server = Server(self.app, site.port)
        self._ticking: asyncio.Task[None] | None = None

    def prepare(self) -> None:  # noqa: B027 - not every agency has something to prepare
        """Set up what `routes` needs; called once, before it."""

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The agency's own HTTP interface."""

    @property
    def url(self) -> str:
        """The address of the server, without a trailing slash."""
        return f"http://{HOST}:{self.server.port}"

    @property
    def contract_folder(self) -> Path:
        """The folder of the agency's contract, version 1.0."""
        return self.site.contracts / self.name / "1.0"

    def hub_public(self) -> x509.Certificate:
        """The hub's certificate. Raises `sandbox.core.keys.NoTrust`."""
        return self.hub.certificate(self.clock())

    async def start(self) -> None:
        """Listen, and begin to push results."""
        await self.server.up()
        self._ticking = asyncio.create_task(self._tick_for_ever())

    async def stop(self) -> None:
        """Stop for good and close the files; idempotent."""
        self.closing.set()
        ticking, self._ticking = self._ticking, None
        try:
            if ticking is not None:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking  # raises what ended the ticking early, if anything did
        finally:
            await self.server.close()
            await self.callbacks.close()
            self.database.close()

    async def set_down(self, down: bool) -> None:
        """Close the listening socket and cut connections, or come back on the same port."""
        self.is_down = down
        await (self.server.down() if down else self.server.up())

    async def tick(self) -> None:
        """Let time do its work: decide what is due, push results."""
        self.progress()
        await self.callbacks.deliver()

    def progress(self) -> None:  # noqa: B027 - not every agency calls back
        """Promise results whose time has come; agencies that call back override it."""

    def correct(self, key: str, values: Mapping[str, str]) -> None:
        """An officer corrects what was decided: new texts by field. Raises ValueError or KeyError.

        Agencies whose results can be corrected set ``corrects`` and override it.
        """
        raise ValueError(f"{self.name}: kết quả không cải chính được / results cannot be corrected")

    def seal_callback(self, callback: Callback) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of one attempt to push a result."""
        return callback.payload, {"Content-Type": "application/xml; charset=utf-8"}

    def acknowledged(self, callback: Callback, status: int, body: bytes) -> bool:
        """Whether the hub's answer means that it has the result."""
        return 200 <= status < 300

    def call(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
        """The request as the rules see it."""
        content = self.content(path, body)
        return Call(method, path, self.operation(path, content), content, headers, query, body)

    def content(self, path: str, body: bytes) -> str:
        """The readable business text of a request; agencies that wrap it (base64 …) override it."""
        return body.decode("utf-8", "replace")

    def operation(self, path: str, content: str) -> str:
        """The operation's name: the SOAP body's child, else the last part of the path."""
        if self.soap_version is not None:
            try:
                root = parse(content.encode())
                return local_name(root[-1][0])
            except (NotXml, IndexError):
                return ""
        return path.rstrip("/").rpartition("/")[2]

    def reply_names(self) -> list[str]:
        """Local names of the replies in the contract, for the fault that sends another operation's reply."""
        return []

    def quirk(self, kind: str, operation: str, content: str) -> bool:
        """Whether a rule asks for this business fault (``out-of-order``) now; the hit is counted."""
        return bool(self.faults.take(Call("", "", operation, content), frozenset({kind})))

    def fault_answer(self, call: Call, fault: Fault) -> Answer:
        """A fault on demand in the agency's protocol."""
        if self.soap_version is None:
            return Answer(500, b"", ((b"content-type", b"text/plain; charset=utf-8"),)).with_body(
                fault.text.encode()
            )
        version, error = self.soap_version, SoapFault(fault.code, fault.text)
        media_type = f"{version.media_type}; charset=utf-8"
        body = serialize(soap.fault_envelope(version, error))
        return Answer(soap.http_status(version, error), b"").with_body(body, media_type)

    async def _tick_for_ever(self) -> None:
        while True:
            await self.tick()
            await asyncio.sleep(self.site.tick)


def plain(text: str, status: int = 200) -> Response:
    """A plain text answer."""
    return Response(text, status, media_type="text/plain; charset=utf-8")
