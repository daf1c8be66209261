from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization import pkcs12 as foreign

from signing.errors import KeyProblem
from signing.pki import pkcs12
from tests.chains import issue

CA = issue("ca", authority=True)
PARTY = issue("party", CA)
CHAIN = [PARTY.certificate, CA.certificate]


def test_what_was_written_is_read() -> None:
    """The key, its certificate and the issuers."""
    key, chain = pkcs12.read(pkcs12.write("hub", PARTY.key, CHAIN, b"mat khau"), b"mat khau")
    assert (key.private_numbers(), chain) == (PARTY.key.private_numbers(), CHAIN)


def test_wrong_passphrases_and_files() -> None:
    """The refusal tells nothing of the content."""
    with pytest.raises(KeyProblem, match="is the passphrase right"):
        pkcs12.read(pkcs12.write("hub", PARTY.key, CHAIN, b"mat khau"), b"other")
    with pytest.raises(KeyProblem, match="is the passphrase right"):
        pkcs12.read(b"no file", b"x")
    with pytest.raises(KeyProblem, match="needs a passphrase"):
        pkcs12.write("hub", PARTY.key, CHAIN, b"")


def test_a_file_without_a_key() -> None:
    """Certificates alone are no key."""
    data = foreign.serialize_key_and_certificates(
        b"x", None, CA.certificate, None, BestAvailableEncryption(b"y")
    )
    with pytest.raises(KeyProblem, match="does not hold one RSA or ECDSA key"):
        pkcs12.read(data, b"y")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_opens_it(tmp_path: Path) -> None:
    """Another program reads what is written here."""
    (tmp_path / "a.p12").write_bytes(pkcs12.write("hub", PARTY.key, CHAIN, b"mat khau"))
    shown = subprocess.run(
        ["openssl", "pkcs12", "-in", "a.p12", "-passin", "pass:mat khau", "-nokeys"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert shown.stdout.count(b"BEGIN CERTIFICATE") == 2
