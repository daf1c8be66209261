"""Time-stamping authorities for tests: OpenSSL's as the foreign one, and tokens that are wrong in exactly one way."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.base import Answer
from broker.clock import system_clock
from lienthong.fake_agency import FakeAgency, Heard

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed: the foreign authority")

Change = Callable[[Any], Any]

_CONFIG = """
[tsa]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = {ess}
"""


class Openssl:
    """A time-stamping authority run by ``openssl ts``, with a certification authority above it, in a folder."""

    def __init__(
        self, folder: Path, *, digest: str = "sha256", ess: str = "sha256", kind: str = "ec"
    ) -> None:
        """``ess``: hash that names the certificate (SHA-1: RFC 2634's attribute); ``kind``: ``ec`` or ``rsa``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        now = system_clock()
        key = _key("tsa", kind)
        self.anchor = issue("ca", _key("ca"), "ca", _key("ca"), now, authority=True)
        self.certificate = issue("tsa", key, "ca", _key("ca"), now)
        (folder / "ca.pem").write_bytes(self.anchor.public_bytes(Encoding.PEM))
        (folder / "tsa.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "tsa.key").write_bytes(pem)
        (folder / "serial").write_text("01\n")
        config = _CONFIG.format(folder=folder, digest=digest, ess=ess, chain="yes")
        (folder / "tsa.cnf").write_text(config)

    def reply(self, query: bytes) -> bytes:
        """The answer of ``openssl ts -reply``."""
        (self.folder / "query.tsq").write_bytes(query)
        arguments = ["-queryfile", "query.tsq", "-out", "reply.tsr", "-config", "tsa.cnf", "-section", "tsa"]
        command = [str(OPENSSL), "ts", "-reply", *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply.tsr").read_bytes()


def openssl_verifies(
    token: bytes, data: bytes, anchor: x509.Certificate, folder: Path, *, at: datetime | None = None
) -> bool:
    """Whether ``openssl ts -verify`` accepts a token; ``at``: as if it were then, for certificates."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "anchor.pem").write_bytes(anchor.public_bytes(Encoding.PEM))
    (folder / "token.der").write_bytes(token)
    (folder / "data.bin").write_bytes(data)
    arguments = ["-data", "data.bin", "-in", "token.der", "-token_in", "-CAfile", "anchor.pem"]
    if at is not None:
        arguments += ["-attime", str(int(at.timestamp()))]
    done = subprocess.run([str(OPENSSL), "ts", "-verify", *arguments], cwd=folder, capture_output=True)
    return done.returncode == 0 and b"Verification: OK" in done.stdout


def issue(
    name: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    now: datetime,
    *,
    authority: bool = False,
    uses: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    critical: bool = True,
    days: int = 365,
    serial: int | None = None,
) -> x509.Certificate:
    """A certificate: of an authority that issues others, or of one that stamps."""
    builder = (
        x509.CertificateBuilder(
            subject_name=_name(name), issuer_name=_name(issuer), public_key=key.public_key()
        )
        .serial_number(serial or int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if uses and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def over_http(answer: Callable[[bytes], bytes | None]) -> FakeAgency:
    """An authority on loopback that says what ``answer`` says to a request; None: it never answers."""

    def behave(heard: Heard) -> Answer | None:
        assert (heard.method, heard.headers["content-type"]) == ("POST", "application/timestamp-query")
        said = answer(heard.body)
        return None if said is None else Answer(200, said, "application/timestamp-reply")

    return FakeAgency(behave)


def resigned(
    token: bytes,
    key: ec.EllipticCurvePrivateKey,
    *,
    info: Change | None = None,
    attributes: Change | None = None,
    signer: Change | None = None,
    data: Change | None = None,
) -> bytes:
    """``token`` with a part changed and signed again by ``key`` (SHA-256), so that only the change can be wrong.

    Each change takes a structure of asn1crypto and may give back another one: ``info`` the TSTInfo, ``attributes`` the
    list of signed attributes, ``signer`` the SignerInfo after signing, ``data`` the whole SignedData.
    """
    outer = cms.ContentInfo.load(token)
    body = outer["content"].copy()
    one = body["signer_infos"][0]
    content = bytes(body["encap_content_info"]["content"])
    signed = [each.copy() for each in one["signed_attrs"]]
    if info is not None:
        changed = tsp.TSTInfo.load(content).copy()
        content = (info(changed) or changed).dump()
        body["encap_content_info"] = {"content_type": "tst_info", "content": cms.ParsableOctetString(content)}
        digest = hashlib.sha256(content).digest()
        signed = [each for each in signed if each["type"].native != "message_digest"]
        signed.append(cms.CMSAttribute({"type": "message_digest", "values": [digest]}))
    if attributes is not None:
        signed = attributes(signed)
    one["signed_attrs"] = cms.CMSAttributes(signed)
    one["signature"] = key.sign(cms.CMSAttributes(signed).dump(), ec.ECDSA(hashes.SHA256()))
    if signer is not None:
        signer(one)
    body["signer_infos"] = [one]
    if data is not None:
        data(body)
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": body}).dump())


@functools.cache
def _key(name: str, kind: str = "ec") -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(name: str) -> x509.Name:
    names = [(NameOID.ORGANIZATION_NAME, "Cơ quan thử nghiệm"), (NameOID.COMMON_NAME, name)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in names])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
