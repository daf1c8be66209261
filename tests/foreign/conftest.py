"""Judges that we did not write: a Java and a JavaScript process, and xmlsec1. Each answers one question a line.

Where a runtime is missing its tests are skipped; with ``LIENTHONG_FOREIGN=required`` they fail instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from broker.clock import system_clock
from signing.keys import Algorithm, FileKey, create_key

HERE = Path(__file__).parent
NOW = system_clock()
"""The time of keys and signatures here: foreign stacks compare with the machine's clock."""
REQUIRED = os.environ.get("LIENTHONG_FOREIGN") == "required"
PASSWORD = b"matkhau"


class No(AssertionError):
    """The judge refused, in its own words."""


class Judge:
    """A process that answers questions."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._read() == "ready"

    def ask(self, *words: object) -> str:
        """What it says of a question. Raises `No` with its words if it refuses."""
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        verdict, _, text = self._read().partition("\t")
        if verdict != "ok":
            raise No(text)
        return text

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


class Keys:
    """A key of ours in every form that a judge reads."""

    def __init__(self, folder: Path, name: str, algorithm: Algorithm) -> None:
        self.signer: FileKey = create_key(
            folder, name, subject=f"CN={name},O=Liên Thông,C=VN", algorithm=algorithm, clock=lambda: NOW
        )
        self.certificate = self.signer.certificate
        self.key_path = folder / f"{name}.key.pem"
        self.certificate_path = folder / f"{name}.crt.pem"
        self.p12_path = folder / f"{name}.p12"
        private = serialization.load_pem_private_key(self.key_path.read_bytes(), None)
        encrypted = serialization.BestAvailableEncryption(PASSWORD)
        assert isinstance(self.certificate, x509.Certificate)
        self.p12_path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"key", private, self.certificate, None, encrypted)
        )


def need(*programs: str) -> None:
    """Skip unless the programs are on the machine; where they are required, fail."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        (pytest.fail if REQUIRED else pytest.skip)(f"not on this machine: {', '.join(missing)}")


def _built(sources: list[Path], build: list[str], folder: str) -> Path:
    """The folder into which ``build`` ran, once for each version of the sources and one process at a time."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:16]
    target = Path(tempfile.gettempdir()) / f"lienthong-foreign-{folder}-{os.getuid()}-{digest}"
    target.mkdir(mode=0o700, exist_ok=True)
    with (target / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "done").exists():
            made = subprocess.run(
                [word.replace("{target}", str(target)) for word in build],
                cwd=target,
                capture_output=True,
                text=True,
                check=False,
            )
            if made.returncode:
                (pytest.fail if REQUIRED else pytest.skip)(
                    f"{folder} cannot be built here: {(made.stdout + made.stderr)[-400:]}"
                )
            (target / "done").touch()
    return target


@pytest.fixture(scope="session")
def java() -> Iterator[Judge]:
    """JDK XML-DSig, Apache WSS4J and the EU's Digital Signature Services."""
    need("java", "mvn")
    project = HERE / "java"
    build = ["mvn", "-q", "-B", "-f", str(project / "pom.xml"), "-Dbuild.dir={target}/build", "compile"]
    build += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    target = _built([path for path in project.rglob("*") if path.is_file()], build, "java")
    path = f"{target}/build/classes:{target}/build/dependency/*"
    judge = Judge(["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", path, "lienthong.foreign.Main"])
    yield judge
    judge.close()


@pytest.fixture(scope="session")
def javascript() -> Iterator[Judge]:
    """xml-crypto and xadesjs."""
    need("node", "npm")
    project = HERE / "js"
    sources = [project / name for name in ("package.json", "package-lock.json", "judge.mjs")]
    script = f"cp {' '.join(map(str, sources))} . && npm ci --silent --no-audit --no-fund"
    target = _built(sources, ["sh", "-c", script], "javascript")
    judge = Judge(["node", str(target / "judge.mjs")])
    yield judge
    judge.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Keys]:
    """A key of each kind, by its name."""
    folder = tmp_path_factory.mktemp("keys")
    names: tuple[Algorithm, ...] = ("rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384")
    return {name: Keys(folder, name, name) for name in names}


def xmlsec1(path: Path, certificate: Path, *identifiers: str) -> str:
    """What ``xmlsec1 --verify`` says of a document; ``identifiers``: attribute and element, ``Id urn:a:Name``."""
    need("xmlsec1")
    ids = [word for identifier in identifiers for word in ("--id-attr:" + identifier).split(" ")]
    ran = subprocess.run(
        ["xmlsec1", "--verify", "--pubkey-cert-pem", certificate, *ids, path],
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout + ran.stderr
    if ran.returncode:
        raise No(said)
    return said
