from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from signing import algorithms
from signing.errors import KeyProblem
from signing.keys import (
    Algorithm,
    FileKey,
    create_key,
    list_keys,
    load_key,
    name_of,
    read_certificates,
)
from tests import pki

NOW = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)


def created(
    folder: Path, name: str = "hub", algorithm: Algorithm = "ecdsa-p256", **options: object
) -> FileKey:
    arguments = {"subject": "CN=Hub,O=Sở Tư pháp,C=VN", "clock": lambda: NOW, **options}
    return create_key(folder, name, algorithm=algorithm, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("algorithm", "method"),
    [
        ("rsa-2048", algorithms.RSA_SHA256),
        ("ecdsa-p256", algorithms.ECDSA_SHA256),
        ("ecdsa-p384", algorithms.ECDSA_SHA384),
    ],
)
def test_a_created_key_can_be_loaded_and_signs(tmp_path: Path, algorithm: Algorithm, method: str) -> None:
    """What was written is read back as the same key."""
    certificate = created(tmp_path, algorithm=algorithm).certificate
    loaded = load_key(tmp_path, "hub")
    assert (loaded.certificate, loaded.algorithm) == (certificate, method)
    public = pki_public(loaded)
    algorithms.verify(method, public, loaded.sign(b"data"), b"data")


def pki_public(key: FileKey) -> algorithms.PublicKey:
    public = key.certificate.public_key()
    assert isinstance(public, algorithms.PublicKey)
    return public


def test_the_private_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600 from the first byte on."""
    created(tmp_path)
    assert stat.S_IMODE((tmp_path / "hub.key.pem").stat().st_mode) == 0o600


def test_the_certificate_is_for_message_signatures(tmp_path: Path) -> None:
    """Subject, validity, usage and serial number are as asked for; it is no authority."""
    certificate = created(tmp_path, days=30, serial=lambda: 4711).certificate
    assert certificate.subject == name_of("CN=Hub,O=Sở Tư pháp,C=VN")
    assert certificate.serial_number == 4711
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30)
    assert certificate.not_valid_before_utc < NOW
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    """A second creation fails and leaves the first key in place."""
    first = created(tmp_path).certificate
    with pytest.raises(KeyProblem, match="exists already"):
        created(tmp_path)
    assert load_key(tmp_path, "hub").certificate == first


def test_a_key_is_never_created_by_loading(tmp_path: Path) -> None:
    """A missing key is an error that names the command."""
    with pytest.raises(KeyProblem, match="lienthong keys create hub"):
        load_key(tmp_path, "hub")
    assert list_keys(tmp_path) == []


def test_a_passphrase_protects_the_file(tmp_path: Path) -> None:
    """Without the passphrase, or with another, the key cannot be read."""
    created(tmp_path, passphrase=lambda: b"mat khau")
    load_key(tmp_path, "hub", passphrase=lambda: b"mat khau")
    with pytest.raises(KeyProblem):
        load_key(tmp_path, "hub")
    with pytest.raises(KeyProblem):
        load_key(tmp_path, "hub", passphrase=lambda: b"khac")


def test_keys_are_listed_by_name(tmp_path: Path) -> None:
    """Other files and a missing folder do not disturb."""
    created(tmp_path, "hub")
    created(tmp_path, "bhxh")
    (tmp_path / "note.txt").write_text("x")
    assert list_keys(tmp_path) == ["bhxh", "hub"]
    assert list_keys(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["", "../hub", "a/b", ".hidden", "a b"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Names are file names, not paths."""
    with pytest.raises(KeyProblem, match="key name"):
        created(tmp_path, name)


def test_unknown_algorithms_and_subjects_are_refused(tmp_path: Path) -> None:
    """Nothing is written for a key that cannot be made."""
    with pytest.raises(KeyProblem, match="rsa-1024"):
        created(tmp_path, algorithm="rsa-1024")  # type: ignore[arg-type]
    with pytest.raises(KeyProblem, match="subject"):
        created(tmp_path, subject="=x")
    assert list_keys(tmp_path) == []


def test_a_plain_subject_is_a_common_name() -> None:
    """Most people type a name, not a distinguished name."""
    assert name_of("Trục liên thông").rfc4514_string() == "CN=Trục liên thông"


def test_a_foreign_certificate_is_refused(tmp_path: Path) -> None:
    """Key and certificate must belong together."""
    created(tmp_path)
    pem = pki.certificate("hub-ec").public_bytes(serialization.Encoding.PEM)
    (tmp_path / "hub.crt.pem").write_bytes(pem)
    with pytest.raises(KeyProblem, match="does not belong"):
        load_key(tmp_path, "hub")


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"])
def test_unreadable_certificates_are_named(tmp_path: Path, content: bytes) -> None:
    """The error names the file."""
    path = tmp_path / "x.crt.pem"
    path.write_bytes(content)
    with pytest.raises(KeyProblem, match=r"x\.crt\.pem"):
        read_certificates(path)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    """An Ed25519 key cannot sign XML here, and is not tried."""
    created(tmp_path)
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "hub.key.pem").write_bytes(other)
    with pytest.raises(KeyProblem, match="neither RSA nor ECDSA"):
        load_key(tmp_path, "hub")


def test_a_certificate_request_is_for_the_key(tmp_path: Path) -> None:
    """An authority finds our public key and a valid self-signature in it."""
    key = created(tmp_path)
    request = x509.load_pem_x509_csr(load_key(tmp_path, "hub").request(name_of("Trục liên thông")))
    assert request.is_signature_valid
    assert request.public_key() == key.certificate.public_key()
