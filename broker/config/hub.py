"""Settings of the hub itself: config/hub.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from broker.config.base import Duration, Frozen, Name
from broker.config.evidence import Evidence
from broker.config.reconciliation import Reconciling

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
May = Literal[
    "submit",
    "status",
    "supplement",
    "withdraw",
    "consent",
    "resume",
    "handover",
    "report",
    "attach",
    "statistics",
    "log",
    "bodies",
]


class Listen(Frozen):
    """Where the hub listens."""

    host: str = "127.0.0.1"
    """Address; what is public is published by a proxy in front."""
    port: int = Field(default=8400, ge=0, le=65535)
    """TCP port; 0 takes any free one."""


class WebHook(Frozen):
    """Where a client hears of its dossiers as they change (adapter ``webhook``)."""

    url: str = Field(pattern=r"^https?://")
    """Address to which states and notices are posted as signed JSON."""
    secret: Name
    """Name of the secret with which each is signed."""


class Client(Frozen):
    """A system that may call the hub."""

    id: Name
    """Id of the client, written on its messages as the sender."""
    key: Name | None = None
    """Name of the secret that holds its API key."""
    key_sha256: Sha256 | None = None
    """SHA-256 of its API key, when the key itself is not to be kept here."""
    signature: Literal["required", "optional"] = "required"
    """Whether its documents must be signed."""
    may: frozenset[May] = frozenset({"submit", "status"})
    """What it may do."""
    commune: str | None = Field(default=None, pattern=r"^[0-9]{5}$")
    """Code of the commune that it stands for: it sees the statistics of that commune."""
    province: str | None = Field(default=None, pattern=r"^[0-9]{2}$")
    """Code of the province that it stands for: it sees the statistics of that province."""
    webhook: WebHook | None = None
    """Where it is told of its dossiers; without it, it has to ask."""

    @model_validator(mode="after")
    def _one_key(self) -> Client:
        if (self.key is None) == (self.key_sha256 is None):
            raise ValueError("needs either 'key' (the name of a secret) or 'key_sha256', not both")
        return self


class SignIn(Frozen):
    """How citizens sign in: an OpenID Connect provider that vouches for them."""

    issuer: str = Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")
    """The provider's name and address, without a slash at the end."""
    client_id: str
    """The hub's name at the provider."""
    secret: Name
    """Name of the secret that is the hub's password at the provider."""
    client: Name
    """Client under which citizens' own dossiers are sent."""
    session: Duration = timedelta(minutes=30)
    """How long a citizen stays signed in."""


class DeliverySettings(Frozen):
    """How deliveries leave."""

    workers: int = Field(default=8, ge=1, le=256)
    """Deliveries in flight per process."""
    lease: Duration = timedelta(seconds=60)
    """How long a worker owns a delivery before another may take it."""
    claim: int = Field(default=50, ge=1, le=1000)
    """Deliveries claimed at once."""
    idle: Duration = timedelta(seconds=1)
    """Pause when nothing is due."""
    confirm: Duration = timedelta(days=1)
    """How long a copy of a result may stay unconfirmed before a person looks at it."""


class StoreSettings(Frozen):
    """How the database is written."""

    linger: Duration = timedelta(milliseconds=2)
    """How long a commit waits for others to share it."""
    batch: int = Field(default=200, ge=1, le=10_000)
    """Writes that share one commit at most."""


class Hub(Frozen):
    """The hub's own settings."""

    listen: Listen = Listen()
    """Address and port."""
    public_url: str = Field(pattern=r"^https?://[^/]+$")
    """How agencies and portals reach the hub; published in contracts and call-backs."""
    database: str
    """SQLAlchemy URL, or ``secret:NAME`` when it holds a password."""
    data: Path
    """Folder of attachments and files, relative to the project."""
    keys: Path
    """Folder of private keys and certificates, relative to the project."""
    key: Name
    """Name of the hub's first key, and of the key of its message log; ``lienthong keys`` says which key signs today."""
    key_secret: Name | None = None
    """Name of the secret that opens private keys: passphrase of sealed files, PIN of a token (PKCS#11)."""
    trust: Path
    """Folder of partners' certificates, one sub-folder per partner, relative to the project."""
    dossier_prefix: str = Field(pattern=r"^[A-Z]\d{2}(\.\d{2,3}){0,5}$")
    """Issuing body at the head of linked dossier codes."""
    owner: str
    """Who is called when the hub itself needs a person."""
    secrets: Mapping[Name, str] = {}
    """Name of a secret → where it is: ``env:VARIABLE`` or ``file:path``. Never the secret itself."""
    clients: tuple[Client, ...] = ()
    """Systems that may call the hub."""
    sign_in: SignIn | None = None
    """How citizens sign in; without it only clients declare."""
    delivery: DeliverySettings = DeliverySettings()
    """How deliveries leave."""
    reconciliation: Reconciling = Reconciling()
    """How the nightly comparison with agencies is made."""
    store: StoreSettings = StoreSettings()
    """How the database is written."""
    evidence: Evidence = Evidence()
    """What makes the message log provable to others."""

    def client(self, client_id: str) -> Client | None:
        """The client of that id, None if there is none."""
        return next((client for client in self.clients if client.id == client_id), None)


def digest(key: str) -> str:
    """SHA-256 of an API key, as ``key_sha256`` holds it."""
    return hashlib.sha256(key.encode()).hexdigest()
