"""The tutorial and the how-to of mappings are run, command by command."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from lienthong.cli import app
from tests.docs.pages import ROOT, blocks
from tests.lienthong.cli.conftest import copied
from tests.lienthong.cli.test_running import SECONDS, at_free_ports, running


def test_tutorial(tmp_path: Path) -> None:
    """Every command does what the page says. The test changes ports and waiting times and nothing else."""
    folder = copied(tmp_path / "clone")
    shutil.copytree(ROOT / "examples", folder / "examples")
    port = at_free_ports(folder)
    local = folder / "local.json"
    quick = {"agencies.hotich.poll.every": "200ms", "schedule.jobs.poll.every": "200ms"}
    local.write_text(json.dumps(json.loads(local.read_text(encoding="utf-8")) | quick), encoding="utf-8")
    with contextlib.ExitStack() as terminals:
        for block in blocks(ROOT / "docs/tutorial.md", "sh"):
            for line in block.commands:
                words = shlex.split(line.replace("submit.py", f"submit.py --hub http://127.0.0.1:{port}"))
                if block.until is not None:
                    terminals.enter_context(running(folder, *words[1:], until=f"^{block.until}"))
                else:
                    run_line(folder, words)


def run_line(folder: Path, words: list[str]) -> None:
    """One command in the project folder; it must succeed."""
    programs = {
        "python": [sys.executable],
        "lienthong": [sys.executable, "-c", "from lienthong.cli import main; main()"],
    }
    # The folder of the programs comes first, as in an activated environment.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"


def test_howto_mapping() -> None:
    """The commands of the page run on the repository's own mappings."""
    lines = [line for block in blocks(ROOT / "docs/howto-mapping.md", "sh") for line in block.commands]
    assert len(lines) >= 6
    for line in lines:
        words = [str(ROOT / word) if word.startswith("mappings/") else word for word in shlex.split(line)[1:]]
        result = CliRunner().invoke(app, [*words, "--project", str(ROOT)])
        assert result.exit_code == 0, f"{line}\n{result.output}"
