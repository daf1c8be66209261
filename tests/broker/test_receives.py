"""What each agency gets to know is written down, so that nobody widens it unseen.

The files beside this test are written by ``python -m tests.broker.test_receives``; a difference is to be read as what
it is: an agency that receives more, or less, of what citizens declared.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.config.project import Project
from broker.receives import fields, outbound, receives, write

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "receives"


@pytest.fixture(scope="module")
def project() -> Project:
    """The repository's own."""
    return Project.load(ROOT)


@pytest.mark.parametrize("agency", sorted(file.stem for file in (ROOT / "config/agencies").glob("*.yaml")))
def test_what_an_agency_receives(project: Project, agency: str) -> None:
    """The fields that reach an agency are those of its file, no more and no less."""
    written = (FOLDER / f"{agency}.txt").read_text(encoding="utf-8").splitlines()
    assert fields(receives(project, agency)) == written


def test_no_agency_is_forgotten(project: Project) -> None:
    """Every agency has a file, and every file an agency."""
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(project.agencies)


def test_the_register_gets_only_what_it_is_asked_by(project: Project) -> None:
    """A look-up carries number, name and birth date, and who asks for what; nothing else of a declaration."""
    told = {one.source for one in receives(project, "dancu")}
    asked = {"PersonalNumber", "FullName", "BirthDate", "Officer", "Unit", "Purpose", "RequestId"}
    assert {source.rpartition("/")[2] for source in told} <= asked


def test_answers_to_callbacks_count(project: Project) -> None:
    """What the hub answers to an agency's own message reaches it as well."""
    assert "ack-to-cutru" in outbound(project, "cutru")
    assert not any(name.endswith("-receipt") for name in outbound(project, "cutru"))


def test_written_once(project: Project, tmp_path: Path) -> None:
    """Writing again changes no file."""
    smallest = {"dancu": project.agencies["dancu"]}
    only = project.__class__(
        **{name: getattr(project, name) for name in project.__slots__} | {"agencies": smallest}
    )
    assert [file.name for file in write(only, tmp_path)] == ["dancu.txt"]
    assert write(only, tmp_path) == []


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for changed in write(Project.load(ROOT), FOLDER):
        print(changed)
