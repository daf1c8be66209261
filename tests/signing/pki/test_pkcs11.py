from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree

from signing import algorithms
from signing.errors import KeyProblem
from signing.keys import Algorithm, create_key, load_key, name_of
from signing.pki import pkcs11
from signing.pki.keyring import KeyRing
from signing.pki.pkcs11 import TokenKey
from signing.trust import Trust
from signing.xml import parse
from signing.xmlsig.xmldsig import sign_enveloped, verify_enveloped
from tests.clock import ManualClock
from tests.pki import NOW

MODULES = [
    Path(name)
    for name in (
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    )
]
MODULE = next((str(file) for file in MODULES if file.exists()), "")

pytestmark = pytest.mark.skipif(
    not MODULE or shutil.which("softhsm2-util") is None, reason="SoftHSM (libsofthsm2.so) is not installed"
)


def pin() -> bytes:
    """The PIN of the test token."""
    return b"123456"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh token; says its label."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    patch = pytest.MonkeyPatch()
    patch.setenv("SOFTHSM2_CONF", str(config))
    command = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "hub",
        "--pin",
        "123456",
        "--so-pin",
        "654321",
    ]
    subprocess.run(command, check=True, capture_output=True, env=os.environ)
    yield "hub"
    patch.undo()


@pytest.fixture(scope="module")
def keys(token: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key folder with one key of each kind in the token."""
    folder = tmp_path_factory.mktemp("keys")
    for kind in ("rsa-2048", "ecdsa-p256", "ecdsa-p384"):
        place = TokenKey(MODULE, token, kind)
        create_key(
            folder, kind, subject="CN=Hub", algorithm=kind, clock=lambda: NOW, passphrase=pin, token=place
        )
    return folder


@pytest.mark.parametrize("kind", ["rsa-2048", "ecdsa-p256", "ecdsa-p384"])
def test_a_key_in_a_token_signs_like_any_other(keys: Path, kind: str) -> None:
    """A signed document verifies, and so do its own certificate and a request for another one."""
    signer = load_key(keys, kind, passphrase=pin)
    root = parse(b"<a><b>x</b></a>")
    sign_enveloped(root, signer)
    certificate = signer.certificate
    verified = verify_enveloped(parse(etree.tostring(root)), Trust({"hub": [certificate]}), NOW)
    assert verified.partner == "hub"
    certificate.verify_directly_issued_by(certificate)
    assert x509.load_pem_x509_csr(signer.request(name_of("CN=Hub"))).is_signature_valid


def test_the_folder_holds_no_private_key(keys: Path) -> None:
    """Only where it is; and a token does not hand it out."""
    assert not list(keys.glob("*.key.pem"))
    assert TokenKey.read(keys / "rsa-2048.token.json") == TokenKey(MODULE, "hub", "rsa-2048")
    signer = load_key(keys, "rsa-2048", passphrase=pin)
    with pytest.raises(KeyProblem, match="does not leave token hub"):
        signer.pkcs12("hub", b"passphrase")


def test_many_threads_share_a_token(keys: Path) -> None:
    """Every signature is right, whoever else signs meanwhile."""
    signers = [load_key(keys, kind, passphrase=pin) for kind in ("rsa-2048", "ecdsa-p256")]

    def sign(number: int) -> None:
        signer, data = signers[number % 2], str(number).encode()
        public = signer.certificate.public_key()
        assert isinstance(public, algorithms.PublicKey)
        algorithms.verify(signer.algorithm, public, signer.sign(data), data)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(sign, range(60)))


def test_a_lost_session_is_opened_again(keys: Path) -> None:
    """A module that was restarted, a card that was pulled and put back."""
    signer = load_key(keys, "ecdsa-p256", passphrase=pin)
    signer.sign(b"before")
    pkcs11._module(MODULE)._sessions["hub"].opened.close()
    assert signer.sign(b"after")


def test_what_is_not_there_is_named(keys: Path, token: str) -> None:
    """Module, token, key, PIN."""
    for place, secret, why in (
        (
            TokenKey("/nowhere/module.so", token, "rsa-2048"),
            pin,
            "module /nowhere/module.so cannot be loaded",
        ),
        (TokenKey(MODULE, "strange", "rsa-2048"), pin, "there is no token strange"),
        (TokenKey(MODULE, token, "strange"), pin, "there is no such key"),
    ):
        with pytest.raises(KeyProblem, match=why):
            pkcs11.open_key(place, secret)
    pkcs11._module(MODULE)._forget()
    with pytest.raises(KeyProblem, match="PIN is wrong"):
        pkcs11.open_key(TokenKey(MODULE, token, "rsa-2048"), lambda: b"999999")
    with pytest.raises(KeyProblem, match="set key_secret"):
        load_key(keys, "rsa-2048")


def test_a_label_is_used_once(keys: Path, token: str) -> None:
    """Two keys of one label could not be told apart."""
    with pytest.raises(KeyProblem, match="holds a key rsa-2048 already"):
        pkcs11.generate_key(TokenKey(MODULE, token, "rsa-2048"), pin, "rsa-2048")


def test_what_these_keys_do_not_do(keys: Path) -> None:
    """They sign, in the ways that are listed."""
    signing_key = load_key(keys, "rsa-2048", passphrase=pin)._key
    assert isinstance(signing_key, rsa.RSAPrivateKey)
    assert signing_key.key_size == 2048
    with pytest.raises(KeyProblem, match="PKCS#1"):
        signing_key.sign(b"x", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    with pytest.raises(KeyProblem):
        signing_key.decrypt(b"x", padding.PKCS1v15())
    curve_key = load_key(keys, "ecdsa-p384", passphrase=pin)._key
    assert isinstance(curve_key, ec.EllipticCurvePrivateKey)
    assert (curve_key.key_size, curve_key.curve.name) == (384, "secp384r1")
    with pytest.raises(KeyProblem):
        curve_key.exchange(ec.ECDH(), ec.generate_private_key(ec.SECP384R1()).public_key())
    with pytest.raises(KeyProblem):
        curve_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def test_a_ring_may_hold_both_kinds(tmp_path: Path, token: str) -> None:
    """From a key in a file to one in a token; what retires there has to be deleted there."""
    ring = KeyRing(tmp_path, "hub", clock=ManualClock(NOW), passphrase=pin)
    ring.create("hub", "an", subject="CN=Hub", algorithm="ecdsa-p256")
    kind: Algorithm = "ecdsa-p256"
    successor = ring.rotate("an", "hsm", token=TokenKey(MODULE, token, ring.successor()))
    ring.activate(successor, "an")
    assert ring.signer().current().kind == kind
    assert ring.retire("hub", "an")
    ring.rotate("an", "back")
    ring.activate("hub-3", "an")
    assert not ring.retire(successor, "an")


def test_without_the_package(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is the extra that brings it."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(KeyProblem, match=r"install lienthong\[hsm\]"):
        pkcs11.open_key(TokenKey(MODULE, token, "rsa-2048"), pin)
