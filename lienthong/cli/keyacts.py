"""What commands about keys share: who acts, where a token is, and the entry in the message log."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from broker.config.project import Project
from broker.config.secrets import SecretMissing
from broker.keys.keyring import log_acts
from broker.store.engine import Store
from broker.store.errors import StoreError
from broker.store.rows import Act
from lienthong.cli.common import USAGE, fail, open_store, out
from signing.errors import KeyProblem
from signing.pki.keyring import KeyRing
from signing.pki.pkcs11 import TokenKey

By = Annotated[
    str,
    typer.Option(
        "--who", help="Who you are, kept with the act; default: who is logged in.", envvar="LIENTHONG_WHO"
    ),
]
Module = Annotated[
    Path | None, typer.Option("--module", help="Library of the PKCS#11 module, such as libsofthsm2.so.")
]
Token = Annotated[
    str | None, typer.Option("--token", help="Label of the token in which the key is, or is made.")
]


def whoever(who: str) -> str:
    """``who``, or the user who is logged in."""
    return who or getpass.getuser()


def token_of(module: Path | None, token: str | None, label: str) -> TokenKey | None:
    """Where in a token the key is; None for a key in a file. Ends the command if half of it is missing."""
    if module is None and token is None:
        return None
    if module is None or token is None:
        fail(USAGE, "a key in a token needs both --module and --token")
    return TokenKey(str(module), token, label)


def enter(project: Project, ring: KeyRing) -> None:
    """Enter what was done into the message log; without a database, the hub enters it when it starts."""
    with _log(project) as opened:
        if opened is None:
            out.print("there is no database yet: the log gets this act when the hub starts")
        else:
            log_acts(ring, opened)


def enter_one(project: Project, act: Act) -> None:
    """Enter an act that no ring remembers into the message log, if there is a database."""
    with _log(project) as opened:
        if opened is not None:
            opened.write_sync(lambda tx: tx.acts.add(act))


@contextlib.contextmanager
def _log(project: Project) -> Iterator[Store | None]:
    try:
        opened = open_store(project)
    except (StoreError, SecretMissing, KeyProblem):
        yield None
        return
    try:
        yield opened
    finally:
        opened.close()
