"""``lienthong serve``, ``work`` and ``sandbox``: what runs until it is told to stop (Ctrl-C, or SIGTERM)."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer

from broker import masking
from broker.config.project import Project
from broker.keys.keyring import ring_of
from lienthong.cli.common import AWAY, NOTHING, Folder, check_adapters, explained, fail, load, out

if TYPE_CHECKING:
    from broker.hub import Hub
    from broker.web.exchange import App, Bounds

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    work: Annotated[bool, typer.Option(help="Also deliver and keep the clock in this process.")] = True,
    project: Folder = Path(),
) -> None:
    """Serve the hub: SOAP and REST doors, agencies' call-backs, and (unless --no-work) worker and clock."""
    loaded = load(project)
    check_adapters(project, loaded)
    listen = loaded.hub.listen
    with explained(), bound(listen.host, listen.port) as door:
        run(_serve(loaded, door, work))


def work(project: Folder = Path()) -> None:
    """Deliver and keep the clock without opening a door; beside a hub that serves with --no-work."""
    loaded = load(project)
    check_adapters(project, loaded)
    with explained():
        run(_work(loaded))


def sandbox(
    agency: Annotated[list[str] | None, typer.Argument(help="Only these agencies; default: all.")] = None,
    introduce: Annotated[
        bool,
        typer.Option(
            "--introduce",
            help="Make missing shared secrets, and put the agencies' certificates into the trust folder.",
        ),
    ] = False,
    project: Folder = Path(),
) -> None:
    """Run the stand-in agencies at the ports that config/agencies expects."""
    from sandbox import AGENCIES

    loaded = load(project)
    unknown = sorted(set(agency or ()) - set(AGENCIES))
    if unknown:
        fail(NOTHING, f"no stand-in agency is called {unknown[0]!r}; there are {', '.join(AGENCIES)}")
    with explained():
        run(_sandbox(loaded, tuple(agency or AGENCIES), introduce))


async def _serve(project: Project, door: socket.socket, work: bool) -> None:
    from broker.application import application

    async with _opened(project) as hub, stopping() as stop:
        await served(application(hub, work=work), door, stop, f"hub at {project.hub.public_url}")


async def served(
    app: App, door: socket.socket, stop: asyncio.Event, what: str, bounds: Bounds | None = None
) -> None:
    """Serve ``app`` at a bound socket until ``stop`` is set; ``what`` is told when it begins."""
    import uvicorn

    from broker.web.server import configured

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # ours are caught by `stopping`, so that what the application uses is closed after the server

    host, port = door.getsockname()[:2]
    server = Server(configured(app, host=host, port=port, bounds=bounds))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    _tell(f"{what} (Ctrl-C stops it)")
    await _first(serving, stop)
    server.should_exit = True
    await serving


async def _work(project: Project) -> None:
    from broker.application import working

    async with _opened(project) as hub, stopping() as stop, working(hub):
        _tell("working (Ctrl-C stops it)")
        await stop.wait()


async def _sandbox(project: Project, agencies: tuple[str, ...], introduce: bool) -> None:
    from lienthong import neighbours
    from sandbox import Sandbox

    ring = ring_of(project)
    ring.load(ring.active())  # agencies verify with its certificate: say so now if there is none
    for file in neighbours.make_secrets(project) if introduce else ():
        _tell(f"made {file}")
    box = Sandbox(
        project.path(project.hub.data).parent / "sandbox",
        hub_url=project.hub.public_url,
        hub_certificate=ring.publish(),
        ports=neighbours.ports(project),
        agencies=agencies,
        options=neighbours.options(project, project.secrets.get),
        contracts=project.folder / "xsd",
    )
    async with stopping() as stop, box:
        if introduce:
            neighbours.trust(project.path(project.hub.trust), box)
        for name in box.names:
            _tell(f"{name:8} {box.url(name)}")
        _tell(f"control  {box.control_url} (Ctrl-C stops them)")
        await stop.wait()


@contextlib.asynccontextmanager
async def _opened(project: Project) -> AsyncIterator[Hub]:
    from broker.clock import system_clock
    from broker.log import configuration
    from broker.opening import open_hub

    hub = open_hub(project)
    try:
        await configuration.note(hub.store, project, system_clock, getpass.getuser())
        yield hub
    finally:
        await hub.close()


@contextlib.asynccontextmanager
async def stopping() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set, so that everything is closed in order."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def _first(task: asyncio.Task[Any], stop: asyncio.Event) -> None:
    """Wait for the task or the event, whichever comes first."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, taken before the hub is opened: two hubs at one address are found out at once."""
    # With the protocol named, or asyncio does not switch off the delay of small packets.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            door.listen(512)
        except OSError as error:
            fail(
                AWAY,
                f"cannot listen at {host}:{port}: {error.strerror}; see 'listen' in config/hub.yaml, or --port",
            )
        yield door


def _tell(line: str) -> None:
    """Say it now, also to a file or a pipe: whoever started us waits for it."""
    out.print(line, markup=False, highlight=False)
    out.file.flush()


def log_to_stderr() -> None:
    """From here on the program tells what happens on standard error, a line of JSON each, without personal data."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            masking.event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        # Looked up at every line: a program that runs us more than once may close the stream it gave us first.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run until told to stop."""
    log_to_stderr()
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(main)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it is installed: the same promises for less of a processor."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
