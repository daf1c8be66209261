"""``lienthong keys``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.cli.common import load, store
from signing.keys import read_certificates
from tests.chains import issue
from tests.lienthong.cli.conftest import Run

BY = ("--who", "an", "--why", "tới hạn")


def listed(folder: Path, run: Run, *options: str) -> list[dict[str, Any]]:
    """Rows of the list."""
    found: list[dict[str, Any]] = json.loads(run(0, folder, "keys", "list", "--json", *options).stdout)
    return found


def states(folder: Path, run: Run) -> dict[str, str]:
    """Name → state."""
    return {row["name"]: row["state"] for row in listed(folder, run)}


@pytest.fixture
def made(fresh: Path, run: Run) -> Path:
    """A project with its first key."""
    run(0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256", "--subject", "CN=Sở Tư pháp")
    return fresh


def test_create_and_list(fresh: Path, run: Run) -> None:
    """A key has a certificate and a verifier for the message log; only its owner may read it."""
    created = run(
        0, fresh, "keys", "create", "hub", "--algorithm", "ecdsa-p256", "--subject", "CN=Sở Tư pháp"
    )
    assert "verifier of the message log" in created.stdout
    assert "the log gets this act when the hub starts" in created.stdout
    (row,) = listed(fresh, run)
    assert (row["name"], row["subject"], row["state"]) == ("hub", "CN=Sở Tư pháp", "active")
    assert (row["key"], row["days left"]) == ("ecdsa-p256", 824)
    assert row["log verifier"] in created.stdout.replace("\n", "")
    private = [file for file in (fresh / "var/keys").iterdir() if file.name.endswith(".key.pem")]
    assert [file.stat().st_mode & 0o077 for file in private] == [0]


def test_a_key_is_never_overwritten(made: Path, run: Run) -> None:
    """Making a key a second time is refused and leaves the first."""
    before = (made / "var/keys/hub.key.pem").read_bytes()
    assert "exists already" in run(3, made, "keys", "create", "hub").stderr
    assert (made / "var/keys/hub.key.pem").read_bytes() == before


def test_unknown_algorithm(fresh: Path, run: Run) -> None:
    """The refusal names the algorithms that there are."""
    assert "ecdsa-p256" in run(3, fresh, "keys", "create", "hub", "--algorithm", "dsa").stderr


def test_no_keys_yet(fresh: Path, run: Run) -> None:
    """An empty list is an answer."""
    assert listed(fresh, run) == []


def test_rotate_activate_retire(made: Path, run: Run) -> None:
    """Each step says what partners need, and stands in the message log with who did it."""
    run(0, made, "db", "upgrade")
    said = run(0, made, "keys", "rotate", *BY).stdout
    assert "created key hub-2: prepared" in said
    published = made / "var/keys/published.pem"
    assert str(published) in said.replace("\n", "")
    assert len(read_certificates(published)) == 2
    run(0, made, "keys", "activate", "hub-2", *BY)
    assert states(made, run) == {"hub": "overlapping", "hub-2": "active"}
    assert "must be prepared or overlapping" in run(3, made, "keys", "retire", "hub-2", *BY).stderr
    assert "its private key is destroyed" in run(0, made, "keys", "retire", "hub", *BY).stdout
    assert states(made, run) == {"hub": "retired", "hub-2": "active"}
    acts = [(row["name"], row["act"], row["who"]) for row in listed(made, run, "--acts")]
    assert ("hub", "retire", "an") in acts
    assert ("hub-2", "activate", "an") in acts
    run(0, made, "keys", "rotate", "--at-once", *BY)
    assert states(made, run)["hub-3"] == "active"
    with store(load(made)) as opened:
        logged = opened.read(lambda tx: [(act.act, act.who) for act in tx.acts.of("key hub")])
    assert [act for act, _ in logged] == ["key create", "key replaced by hub-2", "key retire"]
    assert logged[-1] == ("key retire", "an")


def test_request_and_certify(made: Path, run: Run, tmp_path: Path) -> None:
    """What comes back is put to the key it belongs to, and to no other."""
    request = x509.load_pem_x509_csr(run(0, made, "keys", "request", "hub").stdout.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=Sở Tư pháp"
    named = run(0, made, "keys", "request", "hub", "--subject", "CN=Hub,C=VN").stdout
    assert x509.load_pem_x509_csr(named.encode()).subject.rfc4514_string() == "CN=Hub,C=VN"
    other = tmp_path / "other.pem"
    other.write_bytes(issue("other").certificate.public_bytes(Encoding.PEM))
    assert (
        "belongs to the key hub" in run(3, made, "keys", "certify", "hub", str(other), "--who", "an").stderr
    )


def test_everything_that_ends(made: Path, run: Run) -> None:
    """Our keys, authorities, partners: each with the days that are left."""
    rows = listed(made, run, "--all")
    assert {row["place"] for row in rows} >= {"hub.crt.pem", "ben-trong.crt.pem"}
    assert all(row["days left"] > 0 for row in rows)
