"""Tables of what makes the message log provable: tiles, time-stamps, co-signatures, archives, its index."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from broker.store.metadata import metadata
from broker.store.types import BigId, UtcTime

log_tiles = Table(
    "log_tiles",  # of 256 hashes (C2SP tlog-tiles, height 8): full ones at level 0, above it also the growing last one
    metadata,
    Column("level", Integer, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "idx"),
)

log_timestamps = Table(
    "log_timestamps",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("size", BigInteger, nullable=False),  # of the checkpoint whose note was stamped
    Column("authority", Text, nullable=False),
    Column("independent", Boolean, nullable=False),  # false: the authority inside the hub
    Column("at", UtcTime, nullable=False),  # the time in the token
    Column("token", LargeBinary, nullable=False),  # TimeStampToken, DER
    Index("ix_log_timestamps_size", "size"),
)

log_cosignatures = Table(
    "log_cosignatures",
    metadata,
    Column("size", BigInteger, nullable=False),  # of the checkpoint
    Column("witness", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("line", Text, nullable=False),  # the signature line as it stands in the note
    PrimaryKeyConstraint("size", "witness"),
)

log_archives = Table(
    "log_archives",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("period", Text, nullable=False, unique=True),  # 2026-11 or 2026-11-22
    Column("start", BigInteger, nullable=False),  # first entry
    Column("stop", BigInteger, nullable=False),  # the entry behind the last
    Column("at", UtcTime, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("transferred_at", UtcTime),
)

log_verifications = Table(
    "log_verifications",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("size", BigInteger, nullable=False),  # entries that were verified
    Column("ok", Boolean, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("report", Text, nullable=False),  # the signed note
)

log_findings = Table(
    "log_findings",  # entries that the last verification found wrong: what a search shows beside a hit
    metadata,
    Column("idx", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("idx", "place"),
)

message_people = Table(
    "message_people",
    metadata,
    Column("subject", LargeBinary(32), nullable=False),  # keyed hash of a personal number
    Column("idx", BigInteger, nullable=False),  # position in the log
    Column("tagged_by", Text, nullable=False),  # id of the data key that made it
    PrimaryKeyConstraint("subject", "idx"),
    Index("ix_message_people_idx", "idx"),
)

revocations = Table(
    "revocations",
    metadata,
    Column(
        "source", Text, nullable=False
    ),  # address of the list, or of the responder and the certificate's id
    Column("kind", Text, nullable=False),  # crl or ocsp
    Column("fetched_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),  # nextUpdate
    Column("answer", LargeBinary, nullable=False),  # DER
    PrimaryKeyConstraint("source"),
)
