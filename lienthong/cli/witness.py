"""``lienthong witness``: a second small process that remembers the heads of a log and co-signs them.

It has a folder of its own, and wants another machine and another administrator than the hub.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broker.clock import system_clock
from lienthong.cli.common import PROJECT, explained, fail, out
from lienthong.cli.running import bound, run, served, stopping
from signing.log.cosignature import create_witness_key, load_witness_key
from signing.log.note import NoteVerifier
from signing.log.witness import Memory, Witness

app = typer.Typer(
    help="A witness of message logs: its own key, its own memory.", no_args_is_help=True, add_completion=False
)

_KEY = "witness"
_LOGS = "logs.vkey"
_MEMORY = "memory"

Place = Annotated[Path, typer.Argument(help="Folder of the witness: key, known logs, memory.")]


@app.command()
def create(
    folder: Place,
    name: Annotated[str, typer.Argument(help="Name of the witness, as in witness.example/w1.")],
    log: Annotated[
        list[str] | None,
        typer.Option(help="Verifier of a log that it knows (name+id+key); may be repeated."),
    ] = None,
) -> None:
    """Create a witness: its key, and the logs that it knows, a line each in logs.vkey."""
    with explained():
        known = [NoteVerifier.from_vkey(vkey).vkey for vkey in log or ()]
        signer = create_witness_key(folder, _KEY, witness=name)
    (folder / _LOGS).write_text("".join(f"{vkey}\n" for vkey in known), encoding="utf-8")
    out.print(f"created witness {name} in {folder}", highlight=False)
    out.print(f"key, for 'witnesses' in config/hub.yaml: {signer.verifier.vkey}", highlight=False)


@app.command()
def serve(
    folder: Place,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 takes any free one.")] = 8410,
) -> None:
    """Serve the witness: POST /add-checkpoint (C2SP tlog-witness), until it is told to stop."""
    with explained(), bound(host, port) as door:
        signer = load_witness_key(folder, _KEY)
        logs = known_logs(folder)
        memory = Memory(folder / _MEMORY)

        async def serving() -> None:
            from broker.web.witness import BOUNDS, witness_app

            witness = Witness(signer, logs, memory, system_clock)
            at = f"http://{host}:{door.getsockname()[1]}"
            async with stopping() as stop:
                await served(witness_app(witness), door, stop, f"witness {signer.name} at {at}", BOUNDS)

        try:
            run(serving())
        finally:
            memory.close()


def known_logs(folder: Path) -> dict[str, list[NoteVerifier]]:
    """Origin → keys, from the folder's logs.vkey. Ends the program if there are none."""
    file = folder / _LOGS
    if not file.is_file():
        fail(PROJECT, f"{file} does not exist: it holds the verifier of each log that the witness knows")
    logs: dict[str, list[NoteVerifier]] = {}
    for line in filter(None, (line.strip() for line in file.read_text(encoding="utf-8").splitlines())):
        verifier = NoteVerifier.from_vkey(line)
        logs.setdefault(verifier.name, []).append(verifier)
    if not logs:
        fail(PROJECT, f"{file} names no log: put its verifier there (`lienthong keys list` of the hub)")
    return logs
