"""Processes of the bench: each runs an event loop and answers commands over a pipe, with its own CPU time."""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

Commands = Mapping[str, Callable[..., Any]]
"""What a child can be asked; functions and coroutine functions."""

Main = Callable[..., AbstractAsyncContextManager[Commands]]
"""Runs inside the child: entered when it starts, left when it ends. An importable function."""

_ENDING_SECONDS = 60.0


class Child:
    """A process that serves while the context manager is entered."""

    def __init__(self, main: Main, *arguments: Any, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        """``arguments`` are pickled to the process; ``loop`` makes its event loop."""
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, main, arguments, loop), daemon=True)
        self._theirs = theirs

    def __enter__(self) -> Self:
        """Start it; when this returns it serves. Raises RuntimeError with its words if it cannot."""
        self._process.start()
        self._theirs.close()
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it end in order, or end it."""
        self._ours.close()
        self._process.join(_ENDING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def ask(self, command: str, *arguments: Any) -> Any:
        """What the command gives. Raises RuntimeError with what went wrong there."""
        self._ours.send((command, arguments))
        return self._answer()

    @property
    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all threads since it started."""
        return float(self.ask("cpu"))

    def _answer(self) -> Any:
        try:
            done, value = self._ours.recv()
        except EOFError as error:
            raise RuntimeError("a process of the bench ended by itself; what it said is above") from error
        if not done:
            raise RuntimeError(value)
        return value


def _run(
    pipe: Connection, main: Main, arguments: tuple[Any, ...], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_serve(pipe, main(*arguments)))


async def _serve(pipe: Connection, main: AbstractAsyncContextManager[Commands]) -> None:
    async with main as commands:
        pipe.send((True, None))
        async for command, arguments in _received(pipe):
            try:
                value = _cpu() if command == "cpu" else commands[command](*arguments)
                answer = (True, await value if inspect.isawaitable(value) else value)
            except Exception as error:  # noqa: BLE001 - the parent raises it
                answer = (False, f"{command}: {type(error).__name__}: {error}")
            pipe.send(answer)


async def _received(pipe: Connection) -> AsyncIterator[tuple[str, tuple[Any, ...]]]:
    """Commands as they come, until the other end is closed."""
    while True:
        try:
            yield await asyncio.to_thread(pipe.recv)
        except EOFError:
            return


def _cpu() -> float:
    return time.process_time()
