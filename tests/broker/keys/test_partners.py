"""The trust folder, read and followed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from broker.config.project import Project
from broker.keys.partners import Partners, read_partners
from signing.errors import KeyProblem, Untrusted
from tests.chains import Party, issue
from tests.pki import NOW
from tests.worlds import ROOT

CA = issue("ca", authority=True)
MIDDLE = issue("middle", CA, authority=True)
LEAF = issue("leaf", MIDDLE)
PINNED = issue("pinned")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The repository's project with a trust folder of its own."""
    (tmp_path / "trust").mkdir()
    return Project.load(ROOT, {"hub.trust": str(tmp_path / "trust")})


def put(project: Project, place: str, *parties: Party) -> None:
    """Write certificates to a file of the trust folder."""
    file = project.path(project.hub.trust) / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(each.certificate.public_bytes(Encoding.PEM) for each in parties))


def limits(project: Project, partner: str, text: str) -> None:
    """Write the limits of a partner."""
    (project.path(project.hub.trust) / partner / "limits.yaml").write_text(text, encoding="utf-8")


def test_authorities_intermediates_and_pinned_certificates(project: Project) -> None:
    """Each partner by what its folder holds; an adapter believes its own partner only."""
    put(project, "cutru/root.pem", CA)
    put(project, "cutru/intermediates/middle.pem", MIDDLE)
    put(project, "yte/one.pem", PINNED)
    partners = Partners(project)
    assert partners.all.check(LEAF.certificate, NOW) == "cutru"
    assert partners.all.check(PINNED.certificate, NOW) == "yte"
    assert partners.alone["cutru"].check(LEAF.certificate, NOW) == "cutru"
    with pytest.raises(Untrusted):
        partners.alone["cutru"].check(PINNED.certificate, NOW)
    assert [(each.file, each.helps) for each in read_partners(project)] == [
        ("cutru/root.pem", False),
        ("cutru/intermediates/middle.pem", True),
        ("yte/one.pem", False),
    ]


def test_limits_in_time_are_days_in_vietnam(project: Project) -> None:
    """From the first minute of the first day to the last of the last."""
    put(project, "yte/one.pem", PINNED)
    limits(project, "yte", "one.pem: {from: 2026-09-01, until: 2026-09-02}\n")
    trust = Partners(project).all
    for at in (datetime(2026, 8, 31, 17, tzinfo=UTC), datetime(2026, 9, 2, 16, 59, 59, tzinfo=UTC)):
        assert trust.check(PINNED.certificate, at) == "yte"
    for at in (datetime(2026, 8, 31, 16, 59, 59, tzinfo=UTC), datetime(2026, 9, 2, 17, tzinfo=UTC)):
        with pytest.raises(Untrusted):
            trust.check(PINNED.certificate, at)


def test_one_authority_for_many_partners(project: Project) -> None:
    """Each is known by its subject."""
    one, two = issue("one", CA), issue("two", CA)
    for name in ("one", "two"):
        put(project, f"{name}/shared.pem", CA)
        limits(project, name, f"shared.pem: {{subject: CN={name}}}\n")
    trust = Partners(project).all
    assert [trust.check(each.certificate, NOW) for each in (one, two)] == ["one", "two"]
    with pytest.raises(Untrusted):
        trust.check(issue("three", CA).certificate, NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lost.pem: {until: 2026-09-02}\n", "speaks of lost.pem"),
        ("one.pem: {before: 2026-09-02}\n", "is not a setting"),
        ("one.pem: {until: soon}\n", "limits.yaml"),
        ("one.pem: [\n", "limits.yaml"),
    ],
)
def test_wrong_limits_are_named(project: Project, text: str, why: str) -> None:
    """A limit that does not count would be worse than none."""
    put(project, "yte/one.pem", PINNED)
    limits(project, "yte", text)
    with pytest.raises(KeyProblem, match=why):
        Partners(project)


def test_changes_are_followed_and_mistakes_are_not(project: Project) -> None:
    """A running hub sees what was put there; while a file is wrong it believes what it believed."""
    put(project, "yte/one.pem", PINNED)
    partners = Partners(project)
    own = partners.alone["yte"]
    assert not partners.refresh()
    put(project, "yte/two.pem", LEAF)
    assert partners.refresh()
    assert own.check(LEAF.certificate, NOW) == "yte"
    (project.path(project.hub.trust) / "yte/two.pem").write_text("no certificate", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(KeyProblem, match=r"two\.pem"):
            partners.refresh()
    assert own.check(LEAF.certificate, NOW) == "yte"
    shutil.rmtree(project.path(project.hub.trust) / "yte")
    assert partners.refresh()
    for trust in (own, partners.all):
        with pytest.raises(Untrusted):
            trust.check(PINNED.certificate, NOW)


def test_a_certificate_for_two_partners(project: Project) -> None:
    """Its messages would have two senders."""
    put(project, "one/a.pem", PINNED)
    put(project, "two/a.pem", PINNED)
    with pytest.raises(KeyProblem, match="listed for one and for two"):
        Partners(project)


def test_no_folder(project: Project) -> None:
    """It is named, with the command that makes it."""
    project.path(project.hub.trust).rmdir()
    with pytest.raises(KeyProblem, match="lienthong keys create"):
        Partners(project)
