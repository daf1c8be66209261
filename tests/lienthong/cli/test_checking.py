"""``lienthong check``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.chains import issue, points
from tests.lienthong.cli.conftest import Run


@pytest.fixture
def quick(fresh: Path) -> Path:
    """The fresh project with one mapping: proving all of them is the test of mappings."""
    for folder in (fresh / "mappings").iterdir():
        if folder.name not in ("ack-to-bhxh", "codes"):
            shutil.rmtree(folder)
    return fresh


def findings(output: str) -> list[dict[str, Any]]:
    """What was found that is not a mapping taken away by the fixture."""
    report: dict[str, Any] = json.loads(output)
    return [one for one in report["findings"] if "is a mapping that is used" not in one["message"]]


def test_what_is_not_set_up_is_a_remark_until_it_is_needed(quick: Path, run: Run) -> None:
    """A fresh clone has no keys, secrets and database; whoever wants to run it is told so."""
    remarks = findings(run(1, quick, "check", "--json").stdout)
    assert {one["severity"] for one in remarks} == {"warning"}
    wanted = findings(run(1, quick, "check", "--ready", "--json").stdout)
    assert {one["severity"] for one in wanted} == {"error"}
    assert {one["field"] for one in wanted} == {"hub", "secrets", "database"}
    assert all(one["remedy"] for one in wanted)


def test_missing_mappings_are_named(quick: Path, run: Run) -> None:
    """A mapping that the configuration uses must exist."""
    output = run(1, quick, "check").stdout
    assert "birth-to-hotich" in output


def test_the_project_of_the_repository_is_sound(fresh: Path, run: Run) -> None:
    """Config, adapters, mappings, golden cases, schemas and contracts: no errors."""
    report = json.loads(run(0, fresh, "check", "--json").stdout)
    assert report["ok"]


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("config/hub.yaml", "listen:", "listens:", "listens"),
        (
            "config/agencies/cutru.yaml",
            "security: wss-x509",
            "security: wss",
            "adapters.send.settings.security",
        ),
        ("config/agencies/cutru.yaml", "adapter: soap-client", "adapter: soap", "adapters.send.adapter"),
        (
            "config/agencies/cutru.yaml",
            "adapter: soap-client",
            "adapter: soap-service",
            "adapters.send.adapter",
        ),
        ("xsd/cutru/1.0/cutru-chung.xsd", "</xs:schema>", "", "-"),
        ("mappings/ack-to-bhxh/mapping.yaml", "MoTa: Note", "MoTa: Nota", "MoTa"),
        ("mappings/ack-to-bhxh/cases/first.out.xml", ">200<", ">201<", "first"),
    ],
)
def test_a_fault_is_placed(quick: Path, run: Run, file: str, old: str, new: str, place: str) -> None:
    """Whatever is wrong, the finding names its file, its place in it, and a remedy."""
    path = quick / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    wrong = [one for one in findings(run(1, quick, "check", "--json").stdout) if one["severity"] == "error"]
    assert (file, place) in [(one["file"], one["field"]) for one in wrong], wrong
    assert all(one["remedy"] for one in wrong)


def test_a_key_that_is_over(quick: Path, run: Run) -> None:
    """A certificate that ends soon is a remark; a key without its certificate is an error."""
    run(0, quick, "keys", "create", "hub", "--algorithm", "ecdsa-p256", "--days", "3")
    found = findings(run(1, quick, "check", "--json").stdout)
    assert [one["severity"] for one in found if one["field"] == "certificate"] == ["warning"]
    (quick / "var/keys/hub.crt.pem").unlink()
    found = findings(run(1, quick, "check", "--json").stdout)
    assert [one["severity"] for one in found if one["field"] == "hub"] == ["error"]


def test_an_unknown_project_is_a_finding(tmp_path: Path, run: Run) -> None:
    """A folder that is no project is told by its missing files."""
    output = run(1, tmp_path, "check").stdout
    assert "config/hub.yaml" in output


def test_issuers_that_may_not_be_asked_are_named(quick: Path, run: Run) -> None:
    """Messages of such partners would be refused: whoever sets up the hub hears of it before."""
    run(0, quick, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    ca = issue("ca", authority=True)
    leaf = issue("leaf", ca, extra=[points("http://crl.example/ca.crl")])
    folder = quick / "var/trust/cutru"
    (folder / "intermediates").mkdir(parents=True)
    (folder / "leaf.pem").write_bytes(leaf.certificate.public_bytes(Encoding.PEM))
    (folder / "intermediates/ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    (found,) = [
        one
        for one in findings(run(1, quick, "check", "--json").stdout)
        if one["field"] == "evidence.revocation.hosts"
    ]
    assert "http://crl.example/ca.crl" in found["message"]
