"""``lienthong serve``, ``work`` and ``sandbox``: real processes that are started, used and stopped."""

from __future__ import annotations

import contextlib
import io
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from lienthong import neighbours
from lienthong.cli.common import load
from lienthong.cli.running import log_to_stderr
from tests.lienthong.cli.conftest import Run

SECONDS = 120


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens at now."""
    with contextlib.ExitStack() as stack:
        doors = [stack.enter_context(socket.socket()) for _ in range(number)]
        for door in doors:
            door.bind(("127.0.0.1", 0))
        return [int(door.getsockname()[1]) for door in doors]


def at_free_ports(folder: Path) -> int:
    """Move hub and agencies of a project to free ports; the hub's."""
    expected = neighbours.ports(load(folder))
    ports = free_ports(len(expected) + 1)
    values: dict[str, object] = {
        "hub.listen.port": ports[-1],
        "hub.public_url": f"http://127.0.0.1:{ports[-1]}",
    }
    for (name, old), new in zip(expected.items(), ports, strict=False):
        if name == neighbours.IDENTITY:
            sign_in = load(folder).hub.sign_in
            assert sign_in is not None
            values["hub.sign_in.issuer"] = sign_in.issuer.replace(f":{old}", f":{new}")
            continue
        use = load(folder).agencies[name].adapters.send
        assert use is not None
        address = str(use.settings["address"]).replace(f":{old}", f":{new}")
        values[f"agencies.{name}.adapters.send.settings.address"] = address
    (folder / "local.json").write_text(json.dumps(values), encoding="utf-8")
    return ports[-1]


@contextlib.contextmanager
def running(folder: Path, *arguments: str, until: str) -> Iterator[subprocess.Popen[str]]:
    """The command, once it has said ``until``; killed at the end if it still runs."""
    command = [
        sys.executable,
        "-c",
        "from lienthong.cli import main; main()",
        *arguments,
        "--project",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if re.search(until, line):
                    break
            else:
                assert process.stderr is not None
                raise AssertionError(said + process.stderr.read())
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Stop it; what it said on standard error. It must end in order."""
    process.send_signal(number)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, told
    return told


@pytest.fixture
def ready(fresh: Path, run: Run) -> Path:
    """A project at free ports with keys and a database."""
    at_free_ports(fresh)
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    run(0, fresh, "db", "upgrade")
    return fresh


def test_sandbox_serve_and_work(ready: Path, run: Run) -> None:
    """The agencies introduce themselves, the hub serves, a second process works; all stop in order when told."""
    port = load(ready).hub.listen.port
    with running(ready, "sandbox", "--introduce", until="^control") as agencies:
        assert {file.parent.name for file in (ready / "var/trust").glob("*/*.pem")} >= {"hotich", "cutru"}
        run(0, ready, "check", "--ready")
        with running(ready, "serve", "--no-work", until="^hub at") as hub:
            assert "cannot listen" in run(5, ready, "serve").stderr
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=SECONDS) as answer:
                assert answer.status == 200
            with running(ready, "work", until="^working") as worker:
                assert "Traceback" not in stopped(worker, signal.SIGTERM)
            assert "Traceback" not in stopped(hub, signal.SIGINT)
        assert "Traceback" not in stopped(agencies, signal.SIGINT)


def test_what_is_missing_is_said_at_once(fresh: Path, run: Run) -> None:
    """Without keys, without a database, without secrets, nothing starts; each message names the command."""
    at_free_ports(fresh)
    assert "lienthong keys create" in run(3, fresh, "sandbox").stderr
    assert "lienthong keys create" in run(3, fresh, "serve").stderr
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    assert "lienthong db upgrade" in run(3, fresh, "serve").stderr
    assert "secret" in run(3, fresh, "sandbox").stderr


def test_no_such_stand_in(fresh: Path, run: Run) -> None:
    """Those that there are, are listed."""
    assert "hotich" in run(4, fresh, "sandbox", "nobody").stderr


def test_the_log_goes_to_the_stream_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes the stream that standard error was when the log was set up breaks no later line."""
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    try:
        log_to_stderr()
        first.close()
        monkeypatch.setattr(sys, "stderr", second)
        structlog.get_logger().warning("still here")
    finally:
        structlog.reset_defaults()
    assert json.loads(second.getvalue())["event"] == "still here"
