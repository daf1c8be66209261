"""``lienthong witness``: a second process with its own key and memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienthong.cli import app
from signing.log.cosignature import CosignatureVerifier, cosignatures, with_lines
from tests.signing.log.test_witness import LOG, head, request

COMMAND = [sys.executable, "-c", "from lienthong.cli import main; main()", "witness"]


def create(folder: Path, *logs: str) -> CosignatureVerifier:
    """A witness that knows these logs; its verifier."""
    known = [part for log in logs for part in ("--log", log)]
    made = CliRunner().invoke(app, ["witness", "create", str(folder), "witness.example/w7", *known])
    assert made.exit_code == 0, made.output
    return CosignatureVerifier.from_vkey(made.stdout.split()[-1])


def post(url: str, body: bytes) -> tuple[int, str]:
    """Status and body of a request to add a checkpoint."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{url}/add-checkpoint", body), timeout=60
        ) as heard:
            return heard.status, heard.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_witness_serves_and_remembers(tmp_path: Path) -> None:
    """It co-signs what continues the log, stops when told to, and stands where it stood when started again."""
    witness = create(tmp_path / "w", LOG.verifier.vkey)
    for old, new, wrong in ((0, 8, 3), (8, 20, 8)):
        command = [*COMMAND, "serve", str(tmp_path / "w"), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split(" at ")[1].split()[0]
            status, line = post(url, request(old, new))
            assert status == 200
            [given] = cosignatures(with_lines(head(new), [line.rstrip("\n")]), [witness])
            assert given.witness == witness
            assert post(url, request(wrong, 30)) == (409, f"{new}\n")
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said


@pytest.mark.parametrize("text", [None, "", "nonsense\n"])
def test_a_witness_that_knows_no_log_does_not_start(tmp_path: Path, text: str | None) -> None:
    """It says which file is to name the logs."""
    create(tmp_path / "w")
    if text is None:
        (tmp_path / "w/logs.vkey").unlink()
    else:
        (tmp_path / "w/logs.vkey").write_text(text)
    started = CliRunner().invoke(app, ["witness", "serve", str(tmp_path / "w"), "--port", "0"])
    assert started.exit_code == 3


def test_a_witness_is_created_once(tmp_path: Path) -> None:
    """Its key is never overwritten, and what is no log's key is refused."""
    create(tmp_path / "w", LOG.verifier.vkey)
    again = CliRunner().invoke(app, ["witness", "create", str(tmp_path / "w"), "witness.example/w7"])
    other = CliRunner().invoke(app, ["witness", "create", str(tmp_path / "x"), "w", "--log", "nonsense"])
    assert (again.exit_code, other.exit_code) == (3, 3)
    assert not (tmp_path / "x").exists()
