"""The list of commands: complete, described, and quick."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lienthong.cli import app
from lienthong.cli.lazy import COMMANDS, command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """Each can be imported, and each of its options and arguments says what it is for."""
    for one in [command(name), *getattr(command(name), "commands", {}).values()]:
        assert one.help
        assert [
            part.name for part in one.params if not getattr(part, "help", "") and part.name != "help"
        ] == []


def test_listing_commands_loads_none_of_them() -> None:
    """Help comes without waiting for what only ``serve`` needs."""
    heavy = ("zeep", "fastapi", "sqlalchemy", "lxml", "broker")
    code = (
        "import sys\nfrom lienthong.cli import main\nsys.argv = ['lienthong', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & set({heavy!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "mapping" in done.stdout


def test_unknown_command() -> None:
    """A word that is no command is a wrong command line."""
    assert CliRunner().invoke(app, ["fly"]).exit_code == 2
