"""A server on loopback that nobody may ask for anything: whatever calls it was lured there by a hostile input."""

from __future__ import annotations

import atexit
import functools
import socket


class Canary:
    """Listens and never answers; knows whether anybody has called."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    def must_be_silent(self) -> None:
        """Fail if somebody has connected."""
        try:
            _, caller = self._socket.accept()
        except BlockingIOError:
            return
        raise AssertionError(f"somebody was lured to the canary, from {caller}")


@functools.cache
def canary() -> Canary:
    """The one of this process."""
    bird = Canary()
    atexit.register(bird.close)
    return bird
