"""Agencies in a process of their own, as in life: they share neither memory nor a processor with the hub.

The child is ``python -m sandbox``. It reads its arguments as one JSON line, answers with one JSON line of
addresses, and ends when its standard input is closed, so that it never outlives who started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.core.running import AGENCIES

_ENDED = 10.0


class SandboxProcess:
    """A `Sandbox` in a child process; use it as a context manager. Controls go through `control_url`."""

    def __init__(self, folder: Path, *, agencies: Sequence[str] = AGENCIES, **arguments: Any) -> None:
        """The arguments are those of `Sandbox` that JSON can carry; paths are sent as text."""
        self._arguments = {"folder": str(folder), "agencies": list(agencies), **_plain(arguments)}
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start the process; whoever asks for an address waits until the agencies accept connections."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(self._arguments) + "\n")
        self._child.stdin.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        try:
            self._child.wait(_ENDED)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        """What the child says once it is ready."""
        assert self._child is not None
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox ended with code {self._child.wait()}; what it said is above")
        told: Mapping[str, Any] = json.loads(line)
        return told

    @property
    def names(self) -> tuple[str, ...]:
        """The agencies of this sandbox."""
        return tuple(self._arguments["agencies"])

    @property
    def control_url(self) -> str:
        """The address of the common control server."""
        return str(self._told["control"])

    def url(self, name: str) -> str:
        """The agency's address, without a trailing slash."""
        return str(self._told["urls"][name])

    def certificate(self, name: str) -> Path:
        """The PEM file of the agency's certificate, for the hub's trust store."""
        return Path(self._told["certificates"][name])


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
