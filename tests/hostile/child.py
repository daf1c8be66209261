"""Gives every input of one class to its door, in a process of its own, and prints what came of it.

Called as ``python -m tests.hostile.child MODULE CLASS``. One JSON object a line: name of the input, class and reason
of the refusal (null if there was none), seconds of CPU that it took, and by how many bytes the process was larger at
its largest than before the first input. What is honest is tried before, and ends the process if it is refused. Hard
limits end a process that an input has run away with.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import json
import resource
import sys
import time
from pathlib import Path

from tests.hostile.attack import Attack, Hostile

CPU_SECONDS = 120
"""After so much CPU the system ends the process: an input has run away."""
ADDRESS_SPACE = 4 * 1024**3

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What one input met. ``error`` is None if it was accepted."""

    name: str
    error: str | None
    refused: bool
    reason: str
    seconds: float
    peak: int


def main(module: str, name: str) -> None:
    """Try one class."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    attack: Attack = getattr(importlib.import_module(f"tests.hostile.{module}"), name)
    try:
        if attack.honest is not None:
            attack.door(attack.honest())
        gc.collect()
        forget_peak()
        empty = peak()
        for hostile in attack.inputs():
            print(json.dumps(dataclasses.asdict(_tried(attack, hostile, empty))), flush=True)
    finally:
        attack.close()


def _tried(attack: Attack, hostile: Hostile, empty: int) -> Outcome:
    data = hostile.make()
    gc.collect()
    forget_peak()
    error: Exception | None = None
    start = time.process_time()
    try:
        attack.door(data)
    except Exception as raised:  # noqa: BLE001 -- whatever it is, it is reported
        error = raised
    seconds = time.process_time() - start
    kind = type(error).__name__ if error is not None else None
    refused = isinstance(error, attack.refusal)
    return Outcome(hostile.name, kind, refused, str(error or ""), seconds, peak() - empty)


def forget_peak() -> None:
    """Let the system's high-water mark start anew, so that every input is measured by itself."""
    if _CLEAR.exists():
        _CLEAR.write_text("5", encoding="ascii")


def peak() -> int:
    """The most memory held since then. `getrusage` would report what the parent process held at the fork."""
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
