"""``lienthong adapters``."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from adapters.registry import BUILT_IN
from lienthong.cli import app


def test_list() -> None:
    """Every adapter in the box is listed with its direction."""
    result = CliRunner().invoke(app, ["adapters", "--json"])
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert set(BUILT_IN) <= set(rows)
    assert rows["soap-service"]["direction"] == "receive"


def test_settings_of_one() -> None:
    """Each setting has a type and a description, those of inner tables too."""
    result = CliRunner().invoke(app, ["adapters", "xml-http", "--json"])
    assert result.exit_code == 0
    settings = {row["setting"]: row for row in json.loads(result.stdout)["settings"]}
    assert settings["address"]["default"] == "(required)"
    assert settings["operations.*.method"]["default"] == "POST"
    assert all(row["description"] for row in settings.values())
    assert "operations.*.method" in CliRunner().invoke(app, ["adapters", "xml-http"]).stdout


def test_no_such_adapter() -> None:
    """Those that there are, are listed."""
    result = CliRunner().invoke(app, ["adapters", "carrier-pigeon"])
    assert result.exit_code == 4
    assert "soap-client" in result.stderr
