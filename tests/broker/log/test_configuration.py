"""Every change of what the hub runs with is an entry of the log."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from broker.config.project import Project
from broker.log import configuration
from broker.store.rows import MessageFilter
from broker.store.work import ACT
from tests.broker.rig import Rig


@pytest.fixture
def project(rig: Rig, tmp_path: Path) -> Project:
    """The rig's project with files of its own."""
    folder = tmp_path / "project"
    shutil.copytree(rig.hub.project.folder / "config", folder / "config")
    (folder / "xsd/a").mkdir(parents=True)
    (folder / "xsd/a/one.xsd").write_text("<one/>")
    return dataclasses.replace(rig.hub.project, folder=folder)


def entries(rig: Rig) -> list[Mapping[str, Any]]:
    """What the log says of configurations, oldest first."""
    wanted = MessageFilter(kind=ACT, operation=configuration.CONFIGURATION)
    rows = rig.hub.store.read(lambda tx: tx.messages.search(wanted)).items
    return [json.loads(rig.hub.store.read(lambda tx, r=row: tx.messages.body(r.id))) for row in rows][::-1]


async def note(rig: Rig, project: Project) -> configuration.Difference:
    """As the start of a process does."""
    return await configuration.note(rig.hub.store, project, rig.clock, "lan")


async def test_the_first_start_names_every_file(rig: Rig, project: Project) -> None:
    """With its hash, and the account; a second start with the same files says nothing."""
    assert await note(rig, project)
    assert not await note(rig, project)
    [entry] = entries(rig)
    assert (entry["who"], entry["changed"], entry["removed"]) == ("lan", [], [])
    assert entry["files"]["xsd/a/one.xsd"] == hashlib.sha256(b"<one/>").hexdigest()
    assert "config/hub.yaml" in entry["added"]
    assert "keys/hub.crt.pem" in entry["files"]
    assert not any("key.pem" in name for name in entry["files"])


async def test_a_change_names_its_files(rig: Rig, project: Project) -> None:
    """What was added, changed and removed, and nothing else."""
    await note(rig, project)
    (project.folder / "xsd/a/one.xsd").write_text("<two/>")
    (project.folder / "xsd/a/new.xsd").write_text("<new/>")
    (project.folder / "config/schedule.yaml").unlink()
    found = await note(rig, project)
    assert found == configuration.Difference(
        ("xsd/a/new.xsd",), ("xsd/a/one.xsd",), ("config/schedule.yaml",)
    )
    assert entries(rig)[1]["changed"] == ["xsd/a/one.xsd"]


async def test_a_partner_s_certificate_is_part_of_it(rig: Rig, project: Project, tmp_path: Path) -> None:
    """Whom the hub trusts is configuration like any other."""
    await note(rig, project)
    (tmp_path / "trust/hotich").mkdir()
    shutil.copy(tmp_path / "keys/hub.crt.pem", tmp_path / "trust/hotich/partner.pem")
    assert (await note(rig, project)).added == ("trust/hotich/partner.pem",)
