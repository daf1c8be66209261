"""``lienthong log search`` and ``log verifications``: find messages, and see how far each is proven."""

from __future__ import annotations

import getpass
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from broker import masking
from broker.clock import system_clock
from broker.errors import Invalid
from broker.log.asked import wanted
from broker.log.inspecting import inspect
from broker.log.searching import page, shown, verified
from broker.store.engine import Store
from broker.store.rows import Act, MessageFilter
from lienthong.cli.common import (
    FOUND_WRONG,
    USAGE,
    Folder,
    Json,
    Limit,
    explained,
    fail,
    load,
    out,
    print_json,
    show,
    store,
)
from lienthong.cli.revealing import Purpose, Reveal, Viewer, note
from signing.log.note import NoteVerifier, load_note_key

_COLUMNS = ["entry", "id", "at", "direction", "kind", "agency", "operation", "outcome", "dossier", "state"]
Text: TypeAlias = str | None
Citizen = Annotated[
    Text, typer.Option(help="Personal number; - asks for it, so that it stands in no history.")
]
Dossier = Annotated[Text, typer.Option(help="Any code of a dossier: the hub's, the portal's, an agency's.")]
Agency = Annotated[Text, typer.Option(help="Agency or client.")]
Operation = Annotated[Text, typer.Option(help="Service: the operation of the message.")]
Direction = Annotated[Text, typer.Option(help="in or out.")]
Kind = Annotated[Text, typer.Option(help="request, reply, answer, refused, failed, erasure, …")]
Outcome = Annotated[Text, typer.Option(help="How it ended.")]
Officer = Annotated[Text, typer.Option(help="Officer who caused it.")]
Since = Annotated[Text, typer.Option("--from", help="First day or moment; Vietnam's time.")]
Until = Annotated[Text, typer.Option("--to", help="Last day, or the moment before which; Vietnam's time.")]
Id = Annotated[Text, typer.Option("--message", help="Id of one message.")]
After = Annotated[Text, typer.Option(help="Go on behind this place, which the page before named.")]
Verify = Annotated[bool, typer.Option("--verify", help="Verify every hit now.")]


def search(
    citizen: Citizen = None,
    dossier: Dossier = None,
    agency: Agency = None,
    operation: Operation = None,
    direction: Direction = None,
    kind: Kind = None,
    outcome: Outcome = None,
    officer: Officer = None,
    since: Since = None,
    until: Until = None,
    message: Id = None,
    verify: Verify = False,
    limit: Limit = 50,
    after: After = None,
    reveal: Reveal = False,
    purpose: Purpose = None,
    who: Viewer = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Find messages, newest first, by everything that is given; each with how far it is proven.

    pending: in the log; signed: under a signed head; stamped: time-stamped; verified: the last verification of the
    whole log covered it; broken: it found it wrong. A search for a citizen is noted as an act.
    """
    asked = {"id": message, "dossier": dossier, "agency": agency, "operation": operation, "kind": kind}
    asked |= {"direction": direction, "outcome": outcome, "officer": officer, "from": since, "to": until}
    filters = _filters(asked, _number(citizen))
    loaded = load(project)
    with store(loaded) as opened, explained():
        clear = note(opened, "messages of the log", reveal, purpose, who)
        if filters.person is not None:
            _note_search(opened, filters.person, purpose, who)
        try:
            hits, more, last = opened.read(lambda tx: page(tx, filters, limit, after))
        except ValueError:
            fail(USAGE, "--after wants what the page before named")
        rows = [shown(*hit, clear=clear) for hit in hits]
        if verify:
            _verify(opened, rows, load_note_key(loaded.path(loaded.hub.keys), loaded.hub.key).verifier)
    if as_json:
        print_json({"messages": rows, "next": more, **last})
    else:
        _print(rows, more)
    if not all(row.get("ok", True) for row in rows):
        raise typer.Exit(FOUND_WRONG)


def verifications(limit: Limit = 50, project: Folder = Path(), as_json: Json = False) -> None:
    """List what came out when the whole log was verified by the clock, newest first; --json with the signed reports."""
    with store(load(project)) as opened, explained():
        found = opened.read(lambda tx: tx.verifications.made(limit=limit))
    rows = [verified(one) for one in found.items]
    show(rows, ["at", "size", "ok", "findings"], as_json=as_json)
    if not as_json and not rows:
        out.print("the log was not verified by the clock yet")


def _number(citizen: str | None) -> str | None:
    """The personal number: as given, or asked for on a terminal, or the first line that comes in."""
    if citizen != "-":
        return citizen
    if sys.stdin.isatty():
        return str(typer.prompt("Personal number", hide_input=True))
    return sys.stdin.readline().strip()


def _filters(asked: dict[str, str | None], citizen: str | None) -> MessageFilter:
    try:
        return wanted({name: text for name, text in asked.items() if text is not None}, citizen=citizen)
    except Invalid as error:
        fail(USAGE, "; ".join(f"--{problem.field}: {problem.en}" for problem in error.problems))


def _note_search(opened: Store, number: str, purpose: str | None, who: str | None) -> None:
    target = f"citizen {masking.number(number)}"
    act = Act(system_clock(), who or getpass.getuser(), "search", target, (purpose or "").strip() or "-")
    opened.write_sync(lambda tx: tx.acts.add(act))


def _verify(opened: Store, rows: list[dict[str, Any]], verifier: NoteVerifier) -> None:
    """Put what comes out now into the rows."""
    for row in rows:
        row.update(opened.read(partial(inspect, message_id=row["id"], verifier=verifier)).as_json())


def _print(rows: list[dict[str, Any]], more: str | None) -> None:
    show(rows, _COLUMNS, as_json=False)
    for row in rows:
        for found in row.get("findings", ()):
            out.print(f"{row['entry']} {found['place']}: {found['finding']}", highlight=False, markup=False)
    if more is not None:
        out.print(f"there is more: --after {more}", highlight=False)
