"""``lienthong keys import`` and ``export``: keys in files or tokens. A passphrase is never an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.config.project import Project
from broker.keys.keyring import ring_of
from lienthong.cli.common import USAGE, Folder, Who, Why, explained, fail, load, out
from lienthong.cli.keyacts import By, Module, Token, enter, token_of, whoever
from signing.errors import KeyProblem
from signing.keys import read_certificates, read_private, write_private
from signing.pki import pkcs11, pkcs12

Secret = Annotated[
    str | None,
    typer.Option(
        "--secret", help="Name of the secret that is the file's passphrase; without one you are asked."
    ),
]


def import_(
    name: Annotated[str, typer.Argument(help="Name that the key gets.")],
    file: Annotated[
        Path | None, typer.Argument(help="PKCS#12 file (.p12, .pfx), or PEM file of the private key.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="PEM file of the certificate, unless it is in FILE.")
    ] = None,
    secret: Secret = None,
    module: Module = None,
    token: Token = None,
    label: Annotated[str | None, typer.Option("--label", help="Label of the key in the token.")] = None,
    who: By = "",
    project: Folder = Path(),
) -> None:
    """Take a key that exists into the ring: from a file, or where it stands in a PKCS#11 token."""
    loaded = load(project)
    place = token_of(module, token, label or name)
    with explained():
        ring = ring_of(loaded)
        if place is not None:
            if ring.passphrase is None:
                raise KeyProblem("the PIN of the token is not known: set key_secret in config/hub.yaml")
            key = pkcs11.open_key(place, ring.passphrase)
            chain = read_certificates(_needed(certificate))
        elif file is not None and file.suffix.lower() in (".p12", ".pfx"):
            key, chain = pkcs12.read(_content(file), _passphrase(loaded, secret))
        elif file is not None:
            key = read_private(file, name, lambda: _passphrase(loaded, secret))
            chain = read_certificates(certificate or file)
        else:
            fail(USAGE, "say which FILE, or which --module and --token")
        ring.take(name, whoever(who), key=key, chain=chain, token=place)
    out.print(f"imported key {name}")
    enter(loaded, ring)


def export(
    name: Annotated[str, typer.Argument(help="Name of the key.")],
    file: Annotated[Path, typer.Argument(help="PKCS#12 file to be written; it must not exist.")],
    who: Who,
    why: Why,
    secret: Secret = None,
    project: Folder = Path(),
) -> None:
    """Write a key with its certificates to a sealed PKCS#12 file. A key in a token does not leave it."""
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        key = ring.load(name)
        passphrase = _passphrase(loaded, secret, twice=True)
        write_private(file, key.pkcs12(name, passphrase))
        ring.note(name, who, "export", why)
    out.print(f"wrote key {name} to {file}", highlight=False)
    enter(loaded, ring)


def _passphrase(project: Project, secret: str | None, *, twice: bool = False) -> bytes:
    if secret is not None:
        return project.secrets.get(secret).encode()
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice)).encode()


def _needed(certificate: Path | None) -> Path:
    if certificate is None:
        fail(USAGE, "a key in a token needs --certificate: the PEM file of its certificate")
    return certificate


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeyProblem(f"{file} cannot be read: {error.strerror}") from error
