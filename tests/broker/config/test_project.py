"""This repository's own configuration, and what a careless hand can do to it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from adapters.registry import get
from broker.config.project import Project
from broker.config.source import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def project() -> Project:
    """This repository's own configuration."""
    return Project.load(ROOT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project's configuration and canonical schemas."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "xsd/lienthong", tmp_path / "xsd/lienthong")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Replace text in a file."""
    file = folder / "config" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def complaints(folder: Path, overrides: dict[str, object] | None = None) -> list[str]:
    """All faults, as an editor sees them."""
    with pytest.raises(ConfigError) as caught:
        Project.load(folder, overrides)
    return str(caught.value).splitlines()


def test_this_project_loads(project: Project) -> None:
    """Every agency, the day's rules."""
    assert set(project.agencies) == {
        "dancu",
        "hotich",
        "cutru",
        "bhxh",
        "cancuoc",
        "btxh",
        "yte",
        "dvcqg",
        "thu",
    }
    assert project.processes["birth"].in_force(date(2026, 9, 1)).id == "nd301"
    assert project.agencies["hotich"].poll is not None
    assert project.agencies["cutru"].poll is None
    assert project.agencies["hotich"].owner == "ho-tich-truc"
    assert project.units.province("52", date(2025, 7, 1)) is not None
    assert "birth-to-hotich" in project.mappings
    assert project.path(project.hub.data) == ROOT / "var/data"


def test_every_secret_that_is_used_has_a_place() -> None:
    """The message names the secret, and where it should be."""
    project = Project.load(ROOT, {"hub.secrets.portal-key": "env:PORTAL_KEY_THAT_NOBODY_SETS"})
    with pytest.raises(LookupError, match="PORTAL_KEY_THAT_NOBODY_SETS"):
        project.secrets.get("portal-key")


@pytest.mark.parametrize(
    "agency", ["dancu", "hotich", "cutru", "bhxh", "cancuoc", "btxh", "yte", "dvcqg", "thu"]
)
def test_the_adapters_take_their_settings(project: Project, agency: str) -> None:
    """Each agency's settings are those of its adapters."""
    config = project.agencies[agency]
    for use in (config.adapters.send, config.adapters.receive):
        if use is not None:
            get(use.adapter).settings.model_validate(use.settings)


def test_overrides_stand_on_top_of_the_files() -> None:
    """Tests and demos change addresses, intervals and folders without a file."""
    project = Project.load(
        ROOT,
        {
            "hub.listen.port": 0,
            "hub.data": Path("/elsewhere"),
            "agencies.hotich.adapters.send.settings.address": "http://127.0.0.1:1",
            "agencies.hotich.poll.every": "50ms",
        },
    )
    assert project.hub.listen.port == 0
    assert project.path(project.hub.data) == Path("/elsewhere")
    send = project.agencies["hotich"].adapters.send
    assert send is not None
    assert send.settings["address"] == "http://127.0.0.1:1"


def test_all_faults_of_all_files_come_at_once(folder: Path) -> None:
    """Sorted by file and line, each with what to do."""
    change(folder, "agencies/hotich.yaml", "chunk: 3", "chunk: many")
    change(folder, "hub.yaml", "port: 8400", "prot: 8400")
    change(folder, "calendar.yaml", "country: VN", "country: vn")
    found = complaints(folder)
    assert [line.split(":")[0] for line in found] == [
        "config/agencies/hotich.yaml",
        "config/calendar.yaml",
        "config/hub.yaml",
    ]
    assert "poll.chunk: input should be a valid integer" in found[0]
    assert "listen.prot: is not a setting. Remove it, or correct its spelling." in found[2]


def test_a_missing_file_is_a_fault(folder: Path) -> None:
    """It is not an empty one."""
    (folder / "config/population.yaml").unlink()
    assert complaints(folder) == [
        "config/population.yaml:1: -: cannot be read: No such file or directory. Check the name of the file."
    ]


def test_a_file_is_called_as_its_agency(folder: Path) -> None:
    """The name of the file is the id."""
    change(folder, "agencies/hotich.yaml", "owner:", "id: ho-tich\nowner:")
    assert "is 'ho-tich' in a file called hotich.yaml" in complaints(folder)[0]


def test_an_override_must_belong_to_a_file(folder: Path) -> None:
    """A typing error in a dotted key does not vanish."""
    assert complaints(folder, {"hbu.listen.port": 1, "hub.owner.name": 2}) == [
        "config/hub.yaml:13: owner.name: has no such place. Check the dotted key.",
        "overrides:1: hbu.listen.port: no file has this name. Begin with the file.",
    ]


def test_mappings_that_do_not_exist_are_named(folder: Path) -> None:
    """So that a check can say so before a message fails."""
    project = Project.load(folder)
    assert "birth-to-hotich" in project.missing_mappings()
    (folder / "mappings/birth-to-hotich").mkdir(parents=True)
    assert "birth-to-hotich" not in project.missing_mappings()
