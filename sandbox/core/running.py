"""Starting agencies: several in one event loop, one in its own process, or all in a thread."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.core.agency import Agency, Site
from sandbox.core.control import control_routes
from sandbox.core.server import HOST, Server

T = TypeVar("T")
AGENCIES = ("dancu", "dvcqg", "hotich", "cutru", "bhxh", "cancuoc", "btxh", "yte", "thu", "vneid")


def agency_class(name: str) -> type[Agency]:
    """The class of an agency: ``AGENCY`` of ``sandbox.<name>``. Raises ValueError."""
    if name not in AGENCIES:
        raise ValueError(f"no agency {name!r}; there are {', '.join(AGENCIES)}")
    return cast("type[Agency]", importlib.import_module(f"sandbox.{name}").AGENCY)


class Sandbox:
    """Agencies in the running event loop; use it as an async context manager.

    A separate server, `control_url`, offers ``/<agency>/_control`` also for agencies that are down.
    """

    def __init__(
        self,
        folder: Path,
        *,
        hub_url: str | None = None,
        hub_certificate: Path | None = None,
        ports: Mapping[str, int] | None = None,
        agencies: Sequence[str] = AGENCIES,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        control_port: int = 0,
        **site: Any,
    ) -> None:
        """``ports`` and ``options`` are per agency; ``site`` are further fields of `Site`."""
        base = Site(folder, hub_url=hub_url, hub_certificate=hub_certificate, **site)
        self._agencies = {
            name: agency_class(name)(
                replace(base, port=(ports or {}).get(name, 0), options=(options or {}).get(name, {}))
            )
            for name in agencies
        }
        routes = [Mount(f"/{name}", routes=control_routes(agency)) for name, agency in self._agencies.items()]
        self._control = Server(Starlette(routes=routes), control_port)

    async def start(self) -> None:
        """Start all agencies; when it returns they accept connections."""
        await self._control.up()
        for agency in self._agencies.values():
            await agency.start()

    async def stop(self) -> None:
        """Stop all agencies and close their files."""
        await asyncio.gather(*(agency.stop() for agency in self._agencies.values()), self._control.close())

    def agency(self, name: str) -> Agency:
        """The running agency, for its Python control methods. Raises KeyError."""
        return self._agencies[name]

    def url(self, name: str) -> str:
        """The agency's address, without a trailing slash."""
        return self._agencies[name].url

    def certificate(self, name: str) -> Path:
        """The PEM file of the agency's certificate, for the hub's trust store."""
        return self._agencies[name].identity.certificate_path

    @property
    def names(self) -> tuple[str, ...]:
        """The agencies of this sandbox."""
        return tuple(self._agencies)

    @property
    def control_url(self) -> str:
        """The address of the common control server."""
        return f"http://{HOST}:{self._control.port}"

    def set_hub(self, url: str | None = None, certificate: Path | None = None) -> None:
        """Tell every agency where the hub is and whose signature to expect; None leaves it as it was."""
        for agency in self._agencies.values():
            agency.hub_url = url or agency.hub_url
            agency.hub.path = certificate or agency.hub.path

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()


class ThreadedSandbox:
    """A `Sandbox` in a thread with its own event loop, for code that blocks. Use it as a context manager.

    Rules may be added from any thread (``box.agency("dancu").faults.add(…)``); coroutines go through `run`.
    """

    def __init__(self, folder: Path, **arguments: Any) -> None:
        """The arguments are those of `Sandbox`."""
        self._make: Callable[[], Sandbox] = lambda: Sandbox(folder, **arguments)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)

    def __enter__(self) -> Sandbox:
        """Start the thread and the agencies; returns the sandbox."""
        self._thread.start()
        self.box = self.run(self._started())
        return self.box

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the agencies and the thread."""
        self.run(self.box.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine (``set_down``, ``tick``) in the sandbox's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _started(self) -> Sandbox:
        box = self._make()
        await box.start()
        return box


async def serve(
    name: str,
    folder: Path,
    port: int = 0,
    *,
    started: Callable[[Sandbox], None] = lambda box: None,
    until: asyncio.Event | None = None,
    **arguments: Any,
) -> None:
    """Run one agency until ``until`` is set or the task is cancelled: the body of an agency's own process.

    ``started`` is told the sandbox once its address is known; other arguments are those of `Sandbox`.
    """
    async with Sandbox(folder, agencies=[name], ports={name: port}, **arguments) as box:
        started(box)
        await (until or asyncio.Event()).wait()
