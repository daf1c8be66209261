"""The throw-away project that is measured: the real configuration, cut down to one step and two agencies.

The register of citizens (``dancu``) and civil status (``hotich``) keep their contracts, mappings and signatures; their
addresses lead to the bench's own fast stand-ins, and nobody is polled. A portal called ``bench`` signs what it sends.
"""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from broker.clock import system_clock
from broker.config.evidence import EMBEDDED
from broker.config.project import Project
from broker.log import authorities
from broker.mapping.collection import CODES
from broker.store import migrations
from signing.keys import FileKey, create_key
from signing.log.note import create_note_key
from signing.stamps.authority import create_authority
from signing.vault import create_data_key

HOST = "127.0.0.1"
HUB, PORTAL, REGISTER, OFFICE = "hub", "bench", "dancu", "hotich"
STEP = "registration"
_SECRETS = (
    "portal-key",
    "dancu-user",
    "dancu-secret",
    "dancu-api-key",
    "hotich-user",
    "hotich-password",
)


@dataclasses.dataclass(frozen=True)
class Scene:
    """A project folder that is ready to be served, and the keys of those who talk to it."""

    folder: Path
    port: int
    api_key: str
    portal: FileKey
    register: FileKey
    office: FileKey

    @property
    def project(self) -> Project:
        """The project as the hub reads it."""
        return Project.load(self.folder)


def make(source: Path, folder: Path, *, port: int, agency_port: int, in_flight: int) -> Scene:
    """Write the project below ``folder``: configuration of ``source``, fresh keys, an empty database.

    ``in_flight``: deliveries that the hub sends at one time.
    """
    (folder / "config/agencies").mkdir(parents=True)
    for file in (source / "config").glob("*.yaml"):
        shutil.copy(file, folder / "config" / file.name)
    for name in ("units", "forms"):
        shutil.copytree(source / "config" / name, folder / "config" / name)
    shutil.copytree(source / "xsd", folder / "xsd")
    _edit(source, folder, "notices.yaml", lambda notices: notices.pop("mail"))
    _edit(source, folder, "hub.yaml", lambda hub: _hub(hub, port, in_flight))
    for agency in (REGISTER, OFFICE):
        _edit(source, folder, f"agencies/{agency}.yaml", lambda it: _agency(it, agency_port, in_flight))
    _edit(source, folder, "processes/birth.yaml", _one_step)
    api_key = _secrets(folder)
    portal, register, office = _keys(folder)
    project = Project.load(folder)
    for name in (*project.mappings, CODES):
        shutil.copytree(source / "mappings" / name, folder / "mappings" / name)
    migrations.upgrade(project.database_url)
    return Scene(folder, port, api_key, portal, register, office)


def _edit(source: Path, folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    values = yaml.safe_load((source / "config" / name).read_text(encoding="utf-8"))
    change(values)
    target = folder / "config" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _hub(hub: dict[str, Any], port: int, in_flight: int) -> None:
    hub |= {
        "listen": {"host": HOST, "port": port},
        "public_url": f"http://{HOST}:{port}",
        "secrets": {name: f"file:secrets/{name}" for name in _SECRETS},
        "database": "sqlite:///hub.sqlite3",
        "data": "data",
        "keys": "keys",
        "trust": "trust",
        "clients": [
            {"id": PORTAL, "key": "portal-key", "signature": "required", "may": ["submit", "status"]}
        ],
    }
    hub["delivery"]["workers"] = in_flight


def _agency(agency: dict[str, Any], port: int, in_flight: int) -> None:
    settings = agency["adapters"]["send"]["settings"]
    settings["address"] = f"http://{HOST}:{port}/"
    agency["limits"]["concurrency"] = in_flight
    agency.pop("poll", None)


def _one_step(process: dict[str, Any]) -> None:
    for rules in process["rule_sets"]:
        rules["steps"] = [step for step in rules["steps"] if step["id"] == STEP]
        rules.pop("results_to", None)


def _secrets(folder: Path) -> str:
    (folder / "secrets").mkdir()
    for name in _SECRETS:
        (folder / "secrets" / name).write_text(secrets.token_urlsafe(18), encoding="utf-8")
    return (folder / "secrets/portal-key").read_text(encoding="utf-8")


def _keys(folder: Path) -> list[FileKey]:
    (folder / "data/blobs").mkdir(parents=True)
    create_key(folder / "keys", HUB, subject="CN=Lien Thong (bench)", clock=system_clock)
    create_note_key(folder / "keys", HUB, origin="lienthong.example/bench")
    create_data_key(folder / "keys", clock=system_clock)
    create_authority(folder / "keys" / authorities.FOLDER, EMBEDDED, clock=system_clock)
    made = []
    for name in (PORTAL, REGISTER, OFFICE):
        made.append(create_key(folder / "partners", name, subject=f"CN={name}", clock=system_clock))
        (folder / "trust" / name).mkdir(parents=True)
        shutil.copy(folder / f"partners/{name}.crt.pem", folder / f"trust/{name}/{name}.pem")
    return made
