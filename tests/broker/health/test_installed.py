"""Installed files against the hashes that were recorded."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

import pytest

from broker.health.installed import check_installed, editable

NAME = "hub-of-a-test"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages with one distribution of two files."""
    info = tmp_path / "hub_of_a_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n", encoding="utf-8")
    lines = []
    for name in ("adapters_of_a_test.py", "broker_of_a_test.py"):
        (tmp_path / name).write_text("pass\n", encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"pass\n").digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},5")
    (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,"]), encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def test_as_installed(site: Path) -> None:
    """Nothing to say about files that are as they were installed."""
    assert list(check_installed(NAME)) == []


def test_another_distributions_file(site: Path) -> None:
    """A file that another distribution wrote over, and one that is gone, are found."""
    (site / "broker_of_a_test.py").write_text("evil\n", encoding="utf-8")
    (site / "adapters_of_a_test.py").unlink()
    found = {finding.file: finding for finding in check_installed(NAME)}
    assert set(found) == {"broker_of_a_test.py", "adapters_of_a_test.py"}
    assert "not the file" in found["broker_of_a_test.py"].message
    assert all(finding.severity == "error" and finding.remedy for finding in found.values())


def test_a_source_tree_may_change(site: Path) -> None:
    """What is installed in place is meant to be edited."""
    info = site / "hub_of_a_test-1.0.dist-info"
    (info / "direct_url.json").write_text(json.dumps({"dir_info": {"editable": True}}), encoding="utf-8")
    (site / "broker_of_a_test.py").write_text("work in progress\n", encoding="utf-8")
    assert list(check_installed(NAME)) == []


def test_not_installed() -> None:
    """Running from a folder is a remark."""
    (finding,) = check_installed("no-such-distribution")
    assert finding.severity == "warning"


def test_editable_reads_its_origin(site: Path) -> None:
    """Without a recorded origin a distribution is an ordinary one."""
    from importlib import metadata

    assert not editable(metadata.distribution(NAME))
