"""Tables of what is kept beside dossiers: look-ups of people, certificates, drafts, sign-ins."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from broker.store.metadata import metadata, where
from broker.store.types import BigId, UtcTime

lookups = Table(
    "lookups",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subject", LargeBinary(32), nullable=False),  # keyed hash of the personal number
    Column("tagged_by", Text, nullable=False),  # id of the data key that made it
    Column("at", UtcTime, nullable=False),
    Column("agency", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("dossier_id", Text),
    Column("message_id", Text, nullable=False),
    Index("ix_lookups_subject_at", "subject", "at"),
    Index("ix_lookups_dossier_id", "dossier_id", **where("dossier_id IS NOT NULL")),
    Index("ix_lookups_at", "at"),
)

certificates = Table(
    "certificates",
    metadata,
    Column("code", Text, nullable=False),  # sequence.GCS or GBT.facility.year
    Column("version", Integer, nullable=False),  # from 1; a certificate issued again keeps its code
    Column("kind", Text, nullable=False),
    Column("facility", Text, nullable=False),
    Column("subject", LargeBinary(32)),  # keyed hash of the mother's or the deceased's number, if any
    Column("tagged_by", Text),  # id of the data key that made it
    Column("document", LargeBinary, nullable=False),  # what is certified, canonical
    Column("issued_on", Date, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("late", Boolean, nullable=False),  # more than four working hours after the paper
    Column("message_id", Text, nullable=False),
    Column("sealed_by", Text),
    PrimaryKeyConstraint("code", "version"),
    Index("ix_certificates_subject", "subject", **where("subject IS NOT NULL")),
    Index("ix_certificates_received_at", "received_at"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "owner", Text, nullable=False
    ),  # "client:ID", or "citizen:" and the keyed hash of the personal number
    Column("process", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("content", LargeBinary),  # the declaration as far as it goes; null once submitted
    Column("notices", Text, nullable=False),  # JSON; no personal data
    Column("dossier_id", ForeignKey("dossiers.id")),
    Column("sealed_by", Text),
    Index("ix_drafts_owner_changed_at", "owner", "changed_at"),
    Index("ix_drafts_changed_at", "changed_at"),
    Index("ix_drafts_dossier_id", "dossier_id", **where("dossier_id IS NOT NULL")),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),  # SHA-256 of the token, which is never stored
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("person", LargeBinary, nullable=False),  # who signed in, as JSON
    Column("sealed_by", Text),
    Index("ix_sessions_until", "until"),
)
