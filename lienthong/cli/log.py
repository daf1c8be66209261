"""``lienthong log``: the message log, and the proof that nobody touched it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker import masking
from broker.clock import system_clock
from broker.log.authorities import anchors_by_name
from broker.log.logbook import Logbook
from lienthong.cli.archiving import archive, archives, export, redact
from lienthong.cli.common import (
    FOUND_WRONG,
    Folder,
    Json,
    explained,
    load,
    out,
    print_json,
    show,
    store,
)
from lienthong.cli.revealing import Purpose, Reveal, Viewer, note
from lienthong.cli.searching import search, verifications
from lienthong.cli.timestamps import timestamps
from lienthong.cli.tree import checkpoint, consistency, proof
from signing.log.note import NoteVerifier, load_note_key

app = typer.Typer(help="The message log.", no_args_is_help=True, add_completion=False)
app.command()(search)
app.command()(verifications)
app.command()(timestamps)
for command in (checkpoint, proof, consistency, archive, archives, redact, export):
    app.command()(command)


@app.command()
def verify(
    key: Annotated[
        str | None, typer.Option(help="Verifier of the log (name+id+key); default: the hub's own key.")
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Recompute every hash and every signed head; list everything that does not fit."""
    loaded = load(project)
    with store(loaded) as opened, explained():
        own = load_note_key(loaded.path(loaded.hub.keys), loaded.hub.key).verifier
        verifier = NoteVerifier.from_vkey(key) if key else own
        folder = loaded.path(loaded.hub.data)
        witnesses = loaded.hub.evidence.witness_keys
        logbook = Logbook(
            opened, folder, system_clock, witnesses=witnesses, anchors=lambda: anchors_by_name(loaded)
        )
        report = logbook.verify(verifier)
    if as_json:
        print_json(
            {
                "ok": report.ok,
                "entries": report.entries,
                "erased": report.erased,
                "root": report.root.hex(),
                "findings": report.findings,
            }
        )
    else:
        rows = [
            {
                "severity": finding.severity,
                "entry": finding.index,
                "place": finding.place,
                "finding": finding.text,
            }
            for finding in report.findings
        ]
        if rows:
            show(rows, ["severity", "entry", "place", "finding"], as_json=False)
        verdict = (
            "verified: every entry, every hash, every signed head" if report.ok else "NOT as it was signed"
        )
        out.print(f"{report.entries} entries, root {report.root.hex()[:16]}…: {verdict}", highlight=False)
    if not report.ok:
        raise typer.Exit(FOUND_WRONG)


@app.command("show")
def show_(
    message: Annotated[str, typer.Argument(help="Id of the message.")],
    reveal: Reveal = False,
    purpose: Purpose = None,
    who: Viewer = None,
    project: Folder = Path(),
) -> None:
    """Print the bytes of a message, every value masked unless it is revealed. `log search` finds messages."""
    with store(load(project)) as opened, explained():
        body = opened.read(lambda tx: tx.messages.body(message))
        if not note(opened, f"message {message}", reveal, purpose, who):
            body = masking.document(body)
        out.file.write(body.decode("utf-8", "replace") + "\n")
