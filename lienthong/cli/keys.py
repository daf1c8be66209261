"""``lienthong keys``: private keys are made by command, never on first use, and every step of their life is an act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from broker.clock import system_clock
from broker.config.project import Project
from broker.keys.expiry import endings
from broker.keys.keyring import ring_of
from broker.log.authorities import FOLDER
from lienthong.cli import datakeys, keyfiles, timestamps
from lienthong.cli.common import Folder, Json, Who, Why, explained, load, out, show
from lienthong.cli.keyacts import By, Module, Token, enter, token_of, whoever
from signing.keys import Algorithm, certificates_of, kind_of, list_keys, name_of, read_certificates
from signing.log.note import create_note_key, has_note_key, load_note_key
from signing.pki.keyring import PUBLISHED, RingKey
from signing.vault import create_data_key, list_data_keys

app = typer.Typer(
    help="Private keys and certificates of the hub.", no_args_is_help=True, add_completion=False
)
app.add_typer(datakeys.app, name="data")
app.add_typer(timestamps.keys, name="timestamp")
app.command("import")(keyfiles.import_)
app.command("export")(keyfiles.export)

Name = Annotated[str, typer.Argument(help="Name of the key.")]
Days = Annotated[int, typer.Option(min=1, max=3660, help="Days that the certificate is valid.")]


@app.command()
def create(
    name: Annotated[
        str, typer.Argument(help="Name of the key; the one that config/hub.yaml names is active at once.")
    ],
    subject: Annotated[str, typer.Option(help="Subject of the certificate.")] = "CN=Lien Thong hub",
    algorithm: Annotated[str, typer.Option(help="rsa-2048 … rsa-4096, ecdsa-p256, ecdsa-p384.")] = "rsa-2048",
    days: Days = 825,
    module: Module = None,
    token: Token = None,
    who: By = "",
    project: Folder = Path(),
) -> None:
    """Create a key with its certificate, and the key that signs the heads of the message log.

    With the first one come the data key and the key of the time-stamping authority inside the hub. With ``--token`` the
    private key is made inside a PKCS#11 token and never leaves it; the secret ``key_secret`` is its PIN.
    """
    loaded = load(project)
    folder = loaded.path(loaded.hub.keys)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    loaded.path(loaded.hub.trust).mkdir(parents=True, exist_ok=True)
    with explained():
        ring = ring_of(loaded)
        ring.create(
            name,
            whoever(who),
            subject=subject,
            algorithm=cast("Algorithm", algorithm),
            days=days,
            token=token_of(module, token, name),
        )
        note = create_note_key(folder, name, origin=loaded.hub.public_url.partition("//")[2])
        if not list_data_keys(folder):
            create_data_key(folder, clock=system_clock)
    out.print(f"created key {name} in {folder}")
    out.print(f"verifier of the message log: {note.verifier.vkey}")
    inside = timestamps.inside(loaded)
    if inside is not None and inside not in list_keys(folder / FOLDER):
        timestamps.create_inside(loaded, inside, who=who)
    enter(loaded, ring)


@app.command()
def request(
    name: Name,
    subject: Annotated[
        str | None, typer.Option(help="Subject to ask for; default: that of its certificate.")
    ] = None,
    project: Folder = Path(),
) -> None:
    """Print a certificate request (PKCS#10) for a key, to be sent to a certification authority."""
    loaded = load(project)
    with explained():
        key = ring_of(loaded).load(name)
        wanted = key.certificate.subject if subject is None else name_of(subject)
        out.print(key.request(wanted).decode(), end="", markup=False, highlight=False)


@app.command()
def certify(
    name: Name,
    file: Annotated[Path, typer.Argument(help="PEM file that came back: the certificate, and its issuers.")],
    who: Who,
    why: Why = "",
    project: Folder = Path(),
) -> None:
    """Give a key the certificate that an authority issued for it. A hub that runs uses it within a minute."""
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        chain = ring.certify(name, read_certificates(file), who, why)
    out.print(f"key {name} has the certificate of {chain[0].issuer.rfc4514_string()}", highlight=False)
    _published(loaded)
    enter(loaded, ring)


@app.command()
def rotate(
    who: Who,
    why: Why,
    days: Days = 825,
    module: Module = None,
    token: Token = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Let it sign at once.")] = False,
    project: Folder = Path(),
) -> None:
    """Create the successor of the active key, alike in subject and algorithm.

    Both certificates are published from now on. When partners have the new one, `lienthong keys activate` lets it sign;
    when nothing is on its way any more that the old one signed, `lienthong keys retire` ends it.
    """
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        successor = ring.successor()
        place = token_of(module, token, successor)
        name = ring.rotate(who, why, days=days, token=place)
        if at_once:
            ring.activate(name, who, why)
    out.print(f"created key {name}: {'active' if at_once else 'prepared'}")
    _published(loaded)
    enter(loaded, ring)


@app.command()
def activate(name: Name, who: Who, why: Why, project: Folder = Path()) -> None:
    """Let a key sign from now on, in a running hub within a minute; the one that did overlaps until it is retired."""
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        ring.activate(name, who, why)
    out.print(f"key {name} is active")
    enter(loaded, ring)


@app.command()
def retire(name: Name, who: Who, why: Why, project: Folder = Path()) -> None:
    """Destroy the private key of one that signs no more. Its certificate stays: what it signed can be verified."""
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        destroyed = ring.retire(name, who, why)
    rest = (
        "its private key is destroyed"
        if destroyed
        else "its private key is still in the token: delete it there"
    )
    out.print(f"key {name} is retired, {rest}")
    _published(loaded)
    enter(loaded, ring)


@app.command("list")
def list_(
    acts: Annotated[bool, typer.Option("--acts", help="What was done with each, by whom and when.")] = False,
    partners: Annotated[
        bool, typer.Option("--all", help="Partners' and authorities' certificates as well.")
    ] = False,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """List keys with state, subject, validity, days left and the verifier of the message log."""
    loaded = load(project)
    with explained():
        ring = ring_of(loaded)
        if acts:
            rows = [_act_row(key, number) for key in ring.members() for number in range(len(key.acts))]
            columns = ["name", "at", "act", "who", "why"]
        elif partners:
            rows = _ending_rows(loaded)
            columns = ["place", "kind", "subject", "until", "days left"]
        else:
            states = {key.name: key.state for key in ring.members()}
            rows = [_row(ring.folder, name, states.get(name)) for name in list_keys(ring.folder)]
            columns = ["name", "state", "subject", "key", "until", "days left", "log verifier"]
    show(rows, columns, as_json=as_json)


def _published(loaded: Project) -> None:
    out.print(f"give partners {loaded.path(loaded.hub.keys) / PUBLISHED}", highlight=False)


def _row(folder: Path, name: str, state: str | None) -> dict[str, Any]:
    certificate = certificates_of(folder, name)[0]
    until = certificate.not_valid_after_utc
    has_note = has_note_key(folder, name)
    return {
        "name": name,
        "state": state,
        "subject": certificate.subject.rfc4514_string(),
        "key": kind_of(certificate),
        "until": until,
        "days left": (until - system_clock()).days,
        "log verifier": load_note_key(folder, name).verifier.vkey if has_note else None,
    }


def _act_row(key: RingKey, number: int) -> dict[str, Any]:
    act = key.acts[number]
    return {"name": key.name, "at": act.at, "act": act.act, "who": act.who, "why": act.why}


def _ending_rows(loaded: Project) -> list[dict[str, Any]]:
    now = system_clock()
    return [
        {
            "place": each.place,
            "kind": each.kind,
            "subject": each.subject,
            "until": each.until,
            "days left": int(each.days_left(now) // 1),
        }
        for each in endings(loaded, ring_of(loaded))
    ]
