"""Takes a file elsewhere with a program of the operator's choice."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

_SAID = 300
_SHOWN = 100


class TransferFailed(Exception):
    """The program could not be run, took too long, or says that it failed; the text says which."""


class Transfer:
    """Runs the program."""

    def __init__(self, program: Sequence[str], patience: timedelta = timedelta(hours=1)) -> None:
        """``program`` with its arguments, ``{file}`` for the file; empty: nothing is taken anywhere.

        It is killed when it takes longer than ``patience``.
        """
        self._program = tuple(program)
        self._patience = patience

    @property
    def wanted(self) -> bool:
        """Whether there is a program."""
        return bool(self._program)

    async def take(self, path: Path) -> None:
        """Run the program for a file, named as it is given, until it ends with code 0. Raises TransferFailed."""
        program = [part.replace("{file}", str(path)) for part in self._program]
        with tempfile.TemporaryFile() as said:
            try:
                process = await asyncio.create_subprocess_exec(
                    *program, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=said
                )
            except OSError as error:
                raise TransferFailed(f"{program[0][:_SHOWN]} cannot be run: {error.strerror}") from error
            code = await self._end(process)
            said.seek(0)
            text = said.read(_SAID).decode("utf-8", "replace").strip()
        if code:
            raise TransferFailed(f"{Path(program[0]).name} ended with code {code}: {text}")

    async def _end(self, process: asyncio.subprocess.Process) -> int:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await process.wait()
        except TimeoutError as error:
            raise TransferFailed(f"it took longer than {self._patience} and was stopped") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
