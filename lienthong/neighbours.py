"""What the hub and the stand-in agencies must agree on: ports, shared secrets, certificates, call-back paths.

Demo, tests, bench and ``lienthong sandbox`` all arrange it through here.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from broker.config.project import Project

IDENTITY = "vneid"
"""The stand-in that vouches for citizens: no agency, as nothing is sent to it."""

SHARED: Mapping[str, Mapping[str, str]] = {
    "dancu": {"user": "dancu-user", "secret": "dancu-secret", "api_key": "dancu-api-key"},
    "hotich": {"user": "hotich-user", "password": "hotich-password"},
    "bhxh": {"user": "bhxh-user", "password": "bhxh-password"},
    "cancuoc": {"api_key": "cancuoc-key"},
    "btxh": {"accept_key": "btxh-key"},
    "yte": {"api_key": "yte-key", "password-01005": "yte-01005", "password-01010": "yte-01010"},
    "dvcqg": {"api_key": "dvcqg-key"},
    "vneid": {"client_secret": "vneid-secret"},
}
"""Agency → its option → the hub's secret that must be equal to it."""


def options(project: Project, secret: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """Agency → options with which it knows the hub. Raises what ``secret`` raises for one that is missing."""
    found: dict[str, dict[str, Any]] = {}
    for agency, shared in SHARED.items():
        found[agency] = {option: secret(name) for option, name in shared.items()}
    for agency, config in project.agencies.items():
        receive = config.adapters.receive
        if receive is not None and receive.path is not None:
            found.setdefault(agency, {})["callback_path"] = receive.path
    return found


def ports(project: Project) -> dict[str, int]:
    """Agency → port at which the configuration expects it."""
    found = {}
    for name, config in project.agencies.items():
        address = config.adapters.send.settings.get("address") if config.adapters.send else None
        port = urlsplit(str(address)).port if address else None
        if port is not None:
            found[name] = port
    if project.hub.sign_in is not None and (port := urlsplit(project.hub.sign_in.issuer).port) is not None:
        found[IDENTITY] = port
    return found


def make_secrets(project: Project) -> list[Path]:
    """Write a random secret to every ``file:`` place where there is none yet; says which files are new."""
    made = []
    for place in project.hub.secrets.values():
        kind, _, where = place.partition(":")
        file = project.folder / where
        if kind == "file" and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(18), encoding="utf-8")
            made.append(file)
    return made


class Certified(Protocol):
    """Agencies that have certificates, in this process or in another."""

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the agencies."""

    def certificate(self, name: str) -> Path:
        """PEM file of an agency's certificate."""


def trust(folder: Path, agencies: Certified) -> None:
    """Put the agencies' certificates into ``folder``, the hub's trust folder."""
    for name in agencies.names:
        partner = folder / name
        partner.mkdir(parents=True, exist_ok=True)
        shutil.copy(agencies.certificate(name), partner / f"{name}.pem")
