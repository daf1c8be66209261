"""What only shows when files are seen together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from broker.config.project import Project
from broker.config.source import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "processes/birth.yaml",
            "agency: hotich",
            "agency: hotic",
            "no agency is called 'hotic'. Known are: bhxh",
        ),
        ("processes/birth.yaml", "agency: hotich", "agency: dvcqg", "'dvcqg' takes no submissions"),
        (
            "processes/birth.yaml",
            "chosen_by: Choices/ResidenceOffice",
            "chosen_by: Choices/ResidenceOfice",
            "BirthDeclaration has no Choices/ResidenceOfice",
        ),
        (
            "processes/birth.yaml",
            "field: Choices/ForeignElement",
            "field: Foreign",
            "BirthDeclaration has no Foreign",
        ),
        ("processes/birth.yaml", "document: BirthDeclaration", "document: Birth", "no schema declares Birth"),
        ("population.yaml", "agency: dancu", "agency: dan-cu", "no agency is called 'dan-cu'"),
        ("hub.yaml", "key: portal-key", "key: portal", "no secret is called 'portal'"),
        ("hub.yaml", "file:var/secrets/portal-key", "s3cret", "must say where the secret is"),
        (
            "hub.yaml",
            "database: sqlite:///var/hub.sqlite3",
            "database: secret:db",
            "names a secret that does not exist",
        ),
        ("agencies/bhxh.yaml", "path: /agency/bhxh", "path: /agency/cutru", "belongs to"),
        ("agencies/bhxh.yaml", "    path: /agency/bhxh\n", "", "a receiving adapter needs a path"),
    ],
)
def test_files_must_fit_together(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    """Each fault names the file in which it is to be mended."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "xsd/lienthong", tmp_path / "xsd/lienthong")
    file = tmp_path / "config" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Project.load(tmp_path)
    assert any(says in str(fault) and fault.line > 0 for fault in caught.value.faults)


def test_two_clients_have_two_names(tmp_path: Path) -> None:
    """The name is the sender of messages."""
    client = {"id": "dvcqg", "key_sha256": "0" * 64}
    with pytest.raises(ConfigError, match="'dvcqg' is written twice"):
        Project.load(ROOT, {"hub.clients": [client, client]})


def test_a_faulty_agency_is_not_called_unknown(tmp_path: Path) -> None:
    """One fault must not look like many."""
    with pytest.raises(ConfigError) as caught:
        Project.load(ROOT, {"agencies.hotich.owner": ["nobody"]})
    assert [fault.key for fault in caught.value.faults] == ["owner"]


def test_schemas_that_are_not_there_are_a_fault(tmp_path: Path) -> None:
    """Paths cannot be checked without them."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    with pytest.raises(ConfigError, match="no schema declares BirthDeclaration"):
        Project.load(tmp_path)
