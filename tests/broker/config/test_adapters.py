"""Settings of adapters are held against the adapters' own models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from broker.config.adapters import faults_of_adapters
from broker.config.project import Project
from tests.worlds import ROOT

FILE = "config/agencies/hotich.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the repository's configuration."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "xsd").symlink_to(ROOT / "xsd")
    return tmp_path


def faults(project: Path, overrides: dict[str, object] | None = None) -> list[tuple[str, int, str]]:
    """File, line and key of every fault."""
    loaded = Project.load(project, overrides or {})
    return [
        (one.file, one.line, one.key) for one in faults_of_adapters(project, loaded.agencies, overrides or {})
    ]


def test_the_repositorys_own_are_right(project: Path) -> None:
    """Nothing is wrong with what is shipped."""
    assert faults(project) == []


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("timeout_seconds: 60", "timeout_seconds: soon", "adapters.send.settings.timeout_seconds"),
        ("security: enveloped", "securite: enveloped", "adapters.send.settings.securite"),
        ("adapter: soap-client", "adapter: soap", "adapters.send.adapter"),
        ("adapter: soap-client", "adapter: soap-service", "adapters.send.adapter"),
        ("operation: layToken", "operations: layToken", "adapters.send.settings.auth.operations"),
    ],
)
def test_a_fault_has_its_line(project: Path, old: str, new: str, key: str) -> None:
    """The line is that of the key."""
    file = project / FILE
    text = file.read_text(encoding="utf-8").replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if new in one)
    found = faults(project)
    assert key in [one[2] for one in found]
    assert {one[0] for one in found} == {FILE}
    assert [one[1] for one in found if one[2] == key] == [line]


def test_overrides_count(project: Path) -> None:
    """A value that this machine puts on top of the files is checked like the files' own."""
    key = "agencies.hotich.adapters.send.settings.reply_limit"
    assert [one[2] for one in faults(project, {key: -1})] == ["adapters.send.settings.reply_limit"]
