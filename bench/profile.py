"""Where a process spends its time: samples of all its threads, cheap enough to leave the picture as it is."""

from __future__ import annotations

import collections
import sys
import threading
from types import FrameType

_PAUSE = 0.002
_OURS = ("broker/", "adapters/", "signing/", "lienthong/")
_IDLE = (
    "selectors.py:EpollSelector.select",
    "selectors.py:KqueueSelector.select",
    "thread.py:_worker",
    "connection.py:Connection._recv",
    "writer.py:Writer._run",
    "writer.py:Writer._collect",
)
"""Functions that wait in C for something to do."""


class Profile:
    """Samples stacks between `start` and `stop`."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._leaves: collections.Counter[str] = collections.Counter()
        self._within: collections.Counter[str] = collections.Counter()

    def start(self) -> None:
        """Begin."""
        self._leaves.clear()
        self._within.clear()
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """Shares of the samples, largest first: by innermost function, and by the hub's functions on the stack."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        total = sum(self._leaves.values()) or 1
        return tuple(
            [(name, count / total) for name, count in counter.most_common(40)]
            for counter in (self._leaves, self._within)
        )  # type: ignore[return-value]

    def _run(self) -> None:
        own = threading.get_ident()
        while not self._stop.wait(_PAUSE):
            for thread, frame in sys._current_frames().items():
                if thread != own:
                    self._take(frame)

    def _take(self, leaf: FrameType) -> None:
        if _name(leaf).endswith(_IDLE):
            return
        self._leaves[_name(leaf)] += 1
        seen, frame = set(), leaf
        while frame is not None:
            name = _name(frame)
            if name not in seen and name.startswith(_OURS):
                seen.add(name)
                self._within[name] += 1
            frame = frame.f_back  # type: ignore[assignment]


def _name(frame: FrameType) -> str:
    file = frame.f_code.co_filename.replace("\\", "/")
    for folder in (*_OURS, "site-packages/", "python3"):
        at = file.rfind("/" + folder)
        if at >= 0:
            file = file[at + 1 :].removeprefix("site-packages/")
            break
    return f"{file}:{frame.f_code.co_qualname}"
