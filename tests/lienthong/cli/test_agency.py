"""``lienthong agency``."""

from __future__ import annotations

import json
from pathlib import Path

from lienthong import neighbours
from lienthong.cli.common import load
from sandbox import ThreadedSandbox
from tests.lienthong.cli.conftest import Run


def test_list(lived: Path, fresh: Path, run: Run) -> None:
    """Agencies with what waits for them; without a database there is nothing to wait."""
    rows = {row["id"]: row for row in json.loads(run(0, lived, "agency", "list", "--json").stdout)}
    assert (rows["hotich"]["send"], rows["hotich"]["dead"]) == ("soap-client", 1)
    assert rows["bhxh"]["paused"] == "our token was refused"
    assert rows["cutru"]["paused"] is None
    assert all(row["owner"] for row in rows.values())
    assert len(json.loads(run(0, fresh, "agency", "list", "--json").stdout)) == len(rows)


def test_resume(lived: Path, run: Run) -> None:
    """A paused agency goes again; one that does not exist is told as such."""
    run(0, lived, "agency", "resume", "bhxh", "--who", "trực ban", "--why", "new token")
    rows = {row["id"]: row for row in json.loads(run(0, lived, "agency", "list", "--json").stdout)}
    assert rows["bhxh"]["paused"] is None
    assert "hotich" in run(4, lived, "agency", "resume", "nobody", "--who", "me", "--why", "so").stderr


def test_ping(fresh: Path, tmp_path: Path, run: Run) -> None:
    """Agencies that are there are reached; one that is away, or cannot be trusted yet, is named with the reason."""
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256")
    project = load(fresh)
    neighbours.make_secrets(project)
    assert "trusts no certificate" in run(1, fresh, "agency", "ping", "hotich").stdout
    certificate = fresh / "var/keys/hub.crt.pem"
    options = neighbours.options(project, project.secrets.get)
    box = ThreadedSandbox(
        tmp_path / "box",
        hub_url="http://127.0.0.1:9",
        hub_certificate=certificate,
        options=options,
        agencies=("dancu", "hotich"),
    )
    with box as sandbox:
        neighbours.trust(project.path(project.hub.trust), sandbox)
        addresses = {
            "agencies.dancu.adapters.send.settings.address": f"{sandbox.url('dancu')}/soap",
            "agencies.hotich.adapters.send.settings.address": f"{sandbox.url('hotich')}/hotich",
            "agencies.cancuoc.adapters.send.settings.address": "http://127.0.0.1:9",
        }
        (fresh / "local.json").write_text(json.dumps(addresses), encoding="utf-8")
        for name in ("dancu", "hotich"):
            (report,) = json.loads(run(0, fresh, "agency", "ping", name, "--json").stdout)
            assert report["ok"], report
    for name in ("hotich", "cancuoc"):
        (report,) = json.loads(run(1, fresh, "agency", "ping", name, "--json").stdout)
        assert not report["ok"]


def test_ping_without_keys(fresh: Path, run: Run) -> None:
    """Keys are made by a command, and the message says by which."""
    assert "lienthong keys create" in run(3, fresh, "agency", "ping").stderr


def test_ping_nobody(fresh: Path, run: Run) -> None:
    """The agencies that there are, are listed."""
    assert "hotich" in run(4, fresh, "agency", "ping", "nobody").stderr


def test_wrong_settings_are_placed(fresh: Path, run: Run) -> None:
    """A misspelt setting of an adapter is named with file, line and key, before anything is sent."""
    file = fresh / "config/agencies/hotich.yaml"
    text = file.read_text(encoding="utf-8").replace("verify_reply:", "verify_answer:")
    file.write_text(text, encoding="utf-8")
    line = 1 + next(n for n, one in enumerate(text.splitlines()) if "verify_answer" in one)
    message = run(3, fresh, "agency", "ping", "dancu").stderr
    assert f"config/agencies/hotich.yaml:{line}: adapters.send.settings.verify_answer" in message.replace(
        "\n", ""
    )


def test_what_an_agency_receives(fresh: Path, run: Run) -> None:
    """Every field with its Vietnamese name, the mapping that sends it, and the agency's own fields."""
    rows = json.loads(run(0, fresh, "agency", "receives", "dancu", "--json").stdout)
    assert {row["source"] for row in rows} >= {"PersonalNumber", "FullName", "BirthDate"}
    assert all(row["mapping"] and row["targets"] for row in rows)
    assert "hotich" in run(4, fresh, "agency", "receives", "nobody").stderr
