"""Settings of what makes the message log provable to others: time-stamps, witnesses, archives, re-verification."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from broker.config.base import Duration, Frozen, Name
from signing.errors import KeyProblem
from signing.log.cosignature import CosignatureVerifier

EMBEDDED = "ben-trong"
"""Name of the authority inside the hub that a hub has by default ("ben trong" is "inside")."""


class TimeAuthority(Frozen):
    """One time-stamping authority (RFC 3161)."""

    name: Name
    """How logs, work items and metrics call it."""
    url: str | None = Field(default=None, pattern=r"^https?://")
    """Where it answers over HTTP (RFC 3161 §3.4); without one it is the authority inside the hub, which proves order
    and not time, because it is not independent."""
    certificates: Path | None = None
    """PEM file of the anchors of an outside authority, relative to the project."""
    timeout: Duration = timedelta(seconds=10)
    """How long an answer may take."""

    @model_validator(mode="after")
    def _anchored(self) -> TimeAuthority:
        if (self.url is None) != (self.certificates is None):
            raise ValueError("needs 'certificates' beside 'url'; the authority inside the hub has neither")
        return self


class TimeStamping(Frozen):
    """Time-stamps on checkpoints: one token for all entries since the last one, off the path of any request."""

    authorities: tuple[TimeAuthority, ...] = (TimeAuthority(name=EMBEDDED),)
    """Asked in this order until one answers."""
    alarm: Duration = timedelta(hours=4)
    """How long entries may go without a time-stamp until a person is told; if there is an outside authority, without
    one of its own."""
    drift: Duration = timedelta(minutes=5)
    """How far the time in a token may be from the hub's; beyond, the token is not accepted."""

    @model_validator(mode="after")
    def _in_order(self) -> TimeStamping:
        names = [authority.name for authority in self.authorities]
        if len(set(names)) != len(names):
            raise ValueError("two authorities have the same name")
        if any(authority.url is None for authority in self.authorities[:-1]):
            raise ValueError(
                "the authority inside the hub must be the last: those behind it were never asked"
            )
        return self


class Witness(Frozen):
    """Somebody else who remembers the head of the log and co-signs a new one only if it continues the old."""

    name: Name
    """How logs and work items call it."""
    url: str = Field(pattern=r"^https?://")
    """Its address (C2SP tlog-witness): ``/add-checkpoint`` is below it."""
    key: str
    """Its verifier key (C2SP vkey of an Ed25519 cosignature, type 0x04)."""
    alarm: Duration = timedelta(hours=4)
    """How long heads may wait for its signature until a person is told."""

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        try:
            CosignatureVerifier.from_vkey(value)
        except KeyProblem as error:
            raise ValueError(f"is not a witness's key: {error}") from error
        return value


class Archives(Frozen):
    """Archives of the log by period, each verifiable alone and linked to the one before."""

    folder: Path = Path("var/archives")
    """Where they are written, relative to the project."""
    period: Literal["day", "month"] = "month"
    """What one archive covers, by the day in Vietnam."""
    transfer: tuple[str, ...] = ()
    """A program that takes an archive elsewhere, with its arguments; ``{file}`` stands for the archive. It must end
    with code 0 before the archive counts as transferred."""


class Revocation(Frozen):
    """Whether certificates are still good: revocation lists (RFC 5280) and responders (RFC 6960)."""

    check: Literal["off", "when-told", "required"] = "when-told"
    """``when-told``: asked where a certificate names a list or a responder; ``required``: a certificate that names
    neither, and comes from no pinned file, is refused."""
    unknown: Literal["accept", "refuse"] = "refuse"
    """What happens when no fresh answer can be had."""
    refresh: Duration = timedelta(hours=1)
    """How often a newer answer is asked for, even while the last one holds."""
    grace: Duration = timedelta(hours=24)
    """How long after its end an answer still serves while the responder is down."""
    timeout: Duration = timedelta(seconds=10)
    """How long one answer may take."""
    hosts: tuple[str, ...] = ()
    """Hosts that may be asked, with ``:port`` for another than 80 and 443; others are not. A host must not lead to an
    address inside this machine or its network, unless that address is listed as well."""


class Evidence(Frozen):
    """What makes the log provable."""

    timestamps: TimeStamping = TimeStamping()
    """Time-stamps on checkpoints."""
    witnesses: tuple[Witness, ...] = ()
    """Who co-signs checkpoints."""
    archives: Archives = Archives()
    """Archives by period."""
    revocation: Revocation = Revocation()
    """Revocation of partners' certificates."""
    expiry: tuple[int, ...] = (60, 30, 7)
    """Days before the end of a certificate at which people are warned."""

    @property
    def witness_keys(self) -> tuple[CosignatureVerifier, ...]:
        """The witnesses' keys."""
        return tuple(CosignatureVerifier.from_vkey(witness.key) for witness in self.witnesses)
