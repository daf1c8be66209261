"""One transaction, as the repositories that a unit of work may use."""

from __future__ import annotations

from broker.store.archives import Archives
from broker.store.blobs import Blobs
from broker.store.certificates import Certificates
from broker.store.cosignatures import Cosignatures
from broker.store.deliveries import Deliveries
from broker.store.dossiers import Dossiers
from broker.store.drafts import Drafts
from broker.store.erasure import Erasure
from broker.store.intake import Intake
from broker.store.invariants import Invariants
from broker.store.listed import Lists
from broker.store.log import Log
from broker.store.lookups import Lookups
from broker.store.message_people import MessagePeople
from broker.store.messages import Messages
from broker.store.proofs import Proofs
from broker.store.resealing import Resealing
from broker.store.revocations import Revocations
from broker.store.runs import Runs
from broker.store.sessions import Sessions
from broker.store.sql import Session
from broker.store.statistics import Statistics
from broker.store.tiles import Tiles
from broker.store.timestamps import Timestamps
from broker.store.verifications import Verifications
from broker.store.work import Acts, Work


class Tx:
    """The store inside a transaction. Valid only while the unit runs; not for other threads."""

    __slots__ = (
        "acts",
        "archives",
        "blobs",
        "certificates",
        "cosignatures",
        "deliveries",
        "dossiers",
        "drafts",
        "erasure",
        "intake",
        "invariants",
        "lists",
        "log",
        "lookups",
        "messages",
        "people",
        "proofs",
        "resealing",
        "revocations",
        "runs",
        "sessions",
        "statistics",
        "tiles",
        "timestamps",
        "verifications",
        "work",
    )

    def __init__(self, session: Session) -> None:
        """Repositories over one session."""
        self.messages = Messages(session)
        self.people = MessagePeople(session)
        self.log = Log(session)
        self.cosignatures = Cosignatures(session)
        self.tiles = Tiles(session)
        self.timestamps = Timestamps(session)
        self.proofs = Proofs(session)
        self.archives = Archives(session)
        self.dossiers = Dossiers(session)
        self.drafts = Drafts(session)
        self.intake = Intake(session)
        self.certificates = Certificates(session)
        self.deliveries = Deliveries(session)
        self.verifications = Verifications(session)
        self.work = Work(session)
        self.lists = Lists(session)
        self.acts = Acts(session)
        self.runs = Runs(session)
        self.sessions = Sessions(session)
        self.statistics = Statistics(session)
        self.blobs = Blobs(session)
        self.invariants = Invariants(session)
        self.lookups = Lookups(session)
        self.resealing = Resealing(session)
        self.revocations = Revocations(session)
        self.erasure = Erasure(session)
