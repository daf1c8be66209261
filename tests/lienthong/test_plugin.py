"""The names for plug-ins are exported on purpose, and a plug-in in its own distribution gets by with them."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from adapters.registry import GROUP, load
from lienthong import plugin

EXAMPLE = Path("examples/lienthong-adapter-folder")


def test_every_public_name_is_exported() -> None:
    """No name by accident, none forgotten."""
    public = {name for name in vars(plugin) if not name.startswith("_")} - {"annotations"}
    assert set(plugin.__all__) == public
    assert plugin.__all__ == sorted(plugin.__all__)


def test_example_imports_from_the_public_face_only() -> None:
    """What it needs is offered; what lies behind may change."""
    tree = ast.parse((EXAMPLE / "lienthong_adapter_folder.py").read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in modules if name} & {"adapters", "broker", "signing", "sandbox"}
    assert "lienthong.plugin" in modules


def test_example_comes_through_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry point gives a declaration of the same name."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    points = [EntryPoint(name, place, GROUP) for name, place in project["entry-points"][GROUP].items()]
    assert list(load(points)) == ["folder"]


def test_example_keeps_the_contract() -> None:
    """Its own tests pass, run as its author runs them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {"PYTHONPATH": f"{Path.cwd()}:{(Path.cwd() / EXAMPLE)}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
