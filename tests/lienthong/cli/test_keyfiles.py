"""``lienthong keys import`` and ``export``."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from lienthong.cli import app
from signing.pki import pkcs12
from tests.chains import issue
from tests.lienthong.cli.conftest import Run

PARTY = issue("imported")
BY = ("--who", "an", "--why", "dự phòng")


@pytest.fixture
def secrets(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that knows a secret for passphrases."""
    file = fresh / "config/hub.yaml"
    text = file.read_text(encoding="utf-8")
    assert "\nsecrets:\n" in text
    file.write_text(
        text.replace("\nsecrets:\n", "\nsecrets:\n  passphrase: env:PASSPHRASE\n"), encoding="utf-8"
    )
    monkeypatch.setenv("PASSPHRASE", "mat khau")
    return fresh


def test_a_pkcs12_file_goes_in_and_out(secrets: Path, run: Run, tmp_path: Path) -> None:
    """Sealed by a secret that is named, never written on the command line."""
    given = tmp_path / "given.p12"
    given.write_bytes(pkcs12.write("x", PARTY.key, [PARTY.certificate], b"mat khau"))
    said = run(0, secrets, "keys", "import", "imported", str(given), "--secret", "passphrase").stdout
    assert "imported key imported" in said
    back = tmp_path / "back.p12"
    run(0, secrets, "keys", "export", "imported", str(back), "--secret", "passphrase", *BY)
    assert back.stat().st_mode & 0o077 == 0
    assert pkcs12.read(back.read_bytes(), b"mat khau")[1] == [PARTY.certificate]
    assert (
        "exists already"
        in run(3, secrets, "keys", "export", "imported", str(back), "--secret", "passphrase", *BY).stderr
    )


def test_a_passphrase_may_be_asked_for(fresh: Path, tmp_path: Path) -> None:
    """It is not shown; a wrong one opens nothing."""
    given = tmp_path / "given.p12"
    given.write_bytes(pkcs12.write("x", PARTY.key, [PARTY.certificate], b"mat khau"))
    command = ["keys", "import", "imported", str(given), "--project", str(fresh)]
    wrong = CliRunner().invoke(app, command, input="sai\n")
    assert (wrong.exit_code, "sai" in wrong.stdout) == (3, False)
    assert "is the passphrase right" in wrong.stderr
    right = CliRunner().invoke(app, command, input="mat khau\n")
    assert (right.exit_code, "mat khau" in right.stdout) == (0, False)


def test_pem_files(fresh: Path, run: Run, tmp_path: Path) -> None:
    """A private key, and its certificate beside it."""
    key, certificate = tmp_path / "a.key", tmp_path / "a.pem"
    key.write_bytes(
        PARTY.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(PARTY.certificate.public_bytes(serialization.Encoding.PEM))
    run(0, fresh, "keys", "import", "imported", str(key), "--certificate", str(certificate))
    assert "cannot be read as a private key" in run(3, fresh, "keys", "import", "b", str(certificate)).stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "say which FILE"),
        (("--module", "x.so"), "needs both --module and --token"),
    ],
)
def test_half_a_command(fresh: Path, run: Run, options: tuple[str, ...], why: str) -> None:
    """What is missing is named."""
    assert why in run(2, fresh, "keys", "import", "a", *options).stderr


def test_a_token_without_its_pin(fresh: Path, run: Run) -> None:
    """The setting that brings it is named."""
    options = ("--module", "x.so", "--token", "t", "--certificate", "a.pem")
    assert "key_secret" in run(3, fresh, "keys", "import", "a", *options).stderr
