"""What all commands share: where the project is, how results are shown, and what the exit codes mean.

==== ============================================================
code meaning
==== ============================================================
0    done, and nothing is wrong
1    done, and something is wrong: findings, a failed check, dead letters where none should be
2    the command line is wrong
3    the project is wrong: configuration, keys or database; the message says which file and what to do
4    nothing is there: no such dossier, delivery, agency or mapping
5    a part that is needed is away: database, network; trying again may help
==== ============================================================
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.registry import BadAdapter
from adapters.schemas import ContractError
from broker.clock import random_id, system_clock
from broker.config.project import Project
from broker.config.secrets import SecretMissing
from broker.config.source import ConfigError
from broker.mapping.errors import MappingFault
from broker.store.engine import Store
from broker.store.errors import Missing, StoreUnavailable, WrongRevision
from broker.store.salt import new_salt
from signing.errors import KeyProblem
from signing.vault import Vault, load_vault

FOUND_WRONG, USAGE, PROJECT, NOTHING, AWAY = 1, 2, 3, 4, 5

_COPIED = frozenset({"id", "code", "name"})

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Rows at most.")]
Folder = Annotated[
    Path,
    typer.Option(
        "--project", help="Project folder: config/, mappings/ and xsd/ are in it.", envvar="LIENTHONG_PROJECT"
    ),
]
Why = Annotated[str, typer.Option("--why", help="Reason, kept with the act.")]
Who = Annotated[str, typer.Option("--who", help="Who you are, kept with the act.", envvar="LIENTHONG_WHO")]


def fail(code: int, message: str) -> NoReturn:
    """End the command with a message on standard error."""
    err.print(message, style="bold red", markup=False, highlight=False)
    raise typer.Exit(code)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what goes wrong into a message with a remedy and an exit code; nothing ends in a traceback."""
    try:
        yield
    except ConfigError as error:
        fail(PROJECT, str(error))
    except (KeyProblem, WrongRevision, MappingFault, ContractError, SecretMissing, BadAdapter) as error:
        fail(PROJECT, str(error))
    except Missing as error:
        fail(NOTHING, str(error))
    except StoreUnavailable as error:
        fail(AWAY, f"the database is away: {error}")


def load(folder: Path) -> Project:
    """The project in ``folder``; ends the command if it has faults."""
    with explained():
        return Project.load(folder.resolve(), overrides(folder))


def check_adapters(folder: Path, project: Project) -> None:
    """End the command if the settings of an adapter are wrong, before anything is built from them."""
    from broker.config.adapters import faults_of_adapters

    with explained():
        faults = faults_of_adapters(folder, project.agencies, overrides(folder))
        if faults:
            raise ConfigError(faults)


def overrides(folder: Path) -> dict[str, Any]:
    """Values that this machine puts on top of the project's files: ``local.json`` beside ``config``, if it is there.

    ``LIENTHONG_LOCAL`` names another file, such as that of a demo that is running.
    """
    file = Path(os.environ.get("LIENTHONG_LOCAL", folder / "local.json"))
    if not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        fail(PROJECT, f"{file}: {error}")
    return dict(found)


@contextlib.contextmanager
def store(project: Project) -> Iterator[Store]:
    """The project's database, closed afterwards."""
    with explained():
        opened = open_store(project)
        try:
            yield opened
        finally:
            opened.close()


def open_store(project: Project) -> Store:
    """The project's database, to be closed by the caller. Raises StoreError, SecretMissing or KeyProblem."""
    vault = vault_of(project)
    return Store.open(project.database_url, clock=system_clock, new_id=random_id, salt=new_salt, vault=vault)


def vault_of(project: Project) -> Vault:
    """The project's data keys. Raises KeyProblem."""
    return load_vault(project.path(project.hub.keys))


def show(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, title: str = ""
) -> None:
    """Print rows as a table for people or as a JSON list for programs."""
    if as_json:
        print_json(list(rows))
        return
    print_table(title, columns, rows)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows under a title; long values are folded, never cut."""
    table = Table(title=title or None, header_style="bold", title_justify="left")
    for column in columns:
        # What people copy into the next command stays in one piece.
        widest = max((len(text(row.get(column))) for row in rows), default=0)
        table.add_column(column, overflow="fold", min_width=widest if column in _COPIED else None)
    for row in rows:
        table.add_row(*(Text(text(row.get(column))) for column in columns))
    out.print(table)


def print_json(value: Any) -> None:
    """Print one JSON document, UTF-8, readable."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def text(value: Any) -> str:
    """A value as a table shows it: local time to the second, nothing for None or no."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text, value))
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
