"""What hub and stand-in agencies must agree on."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from broker.config.project import Project
from broker.config.secrets import SecretMissing
from lienthong import neighbours
from sandbox import AGENCIES
from tests.worlds import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the repository's configuration."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "xsd").symlink_to(ROOT / "xsd")
    return Project.load(tmp_path)


@dataclasses.dataclass(frozen=True)
class Box:
    """Agencies with certificates."""

    folder: Path
    names: tuple[str, ...] = ("cutru", "bhxh")

    def certificate(self, name: str) -> Path:
        """A file that stands for the certificate."""
        file = self.folder / f"{name}.crt"
        file.write_text(name, encoding="utf-8")
        return file


def test_every_stand_in_has_a_port(project: Project) -> None:
    """The configuration expects every agency at a port of its own."""
    ports = neighbours.ports(project)
    assert set(ports) == set(AGENCIES)
    assert len(set(ports.values())) == len(ports)


def test_secrets_are_made_once(project: Project) -> None:
    """Missing secrets are made, readable by their owner alone; those that are there are left."""
    made = neighbours.make_secrets(project)
    assert len(made) == len(project.hub.secrets)
    assert [file.stat().st_mode & 0o077 for file in made if file.stat().st_mode & 0o077] == []
    values = [file.read_text(encoding="utf-8") for file in made]
    assert len(set(values)) == len(values)
    assert neighbours.make_secrets(project) == []
    assert [file.read_text(encoding="utf-8") for file in made] == values


def test_options_carry_the_hubs_secrets(project: Project) -> None:
    """Agencies know the hub by its own secrets, and where it takes call-backs."""
    with pytest.raises(SecretMissing):
        neighbours.options(project, project.secrets.get)
    options = neighbours.options(project, lambda name: f"<{name}>")
    assert options["hotich"] == {"user": "<hotich-user>", "password": "<hotich-password>"}
    assert options["bhxh"]["callback_path"] == "/agency/bhxh"
    assert options["cutru"] == {"callback_path": "/agency/cutru"}
    named = {secret for shared in neighbours.SHARED.values() for secret in shared.values()}
    assert named < set(project.hub.secrets)


def test_certificates_go_to_the_trust_folder(tmp_path: Path) -> None:
    """One folder for each partner, as the hub reads it; a second time replaces the first."""
    for _ in range(2):
        neighbours.trust(tmp_path / "trust", Box(tmp_path))
    found = {file.relative_to(tmp_path / "trust").as_posix() for file in (tmp_path / "trust").rglob("*.pem")}
    assert found == {"cutru/cutru.pem", "bhxh/bhxh.pem"}
