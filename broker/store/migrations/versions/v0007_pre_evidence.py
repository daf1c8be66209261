"""What makes the message log provable to others, and searchable. Adds tables and indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broker.store.types import BigId, UtcTime

revision = "v0007"
down_revision = "v0006"


def upgrade() -> None:
    """Add the tables with their indexes."""
    _tree()
    _proofs()
    _search()


def _tree() -> None:
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name="pk_log_tiles"),
    )
    op.create_table(
        "log_timestamps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_timestamps"),
    )
    op.create_index("ix_log_timestamps_size", "log_timestamps", ["size"])
    op.create_table(
        "log_cosignatures",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_log_cosignatures"),
    )


def _proofs() -> None:
    op.create_table(
        "log_archives",
        sa.Column("id", BigId, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("transferred_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_log_archives"),
        sa.UniqueConstraint("period", name="uq_log_archives_period"),
    )
    op.create_table(
        "log_verifications",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_verifications"),
    )
    op.create_table(
        "log_findings",
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("idx", "place", name="pk_log_findings"),
    )


def _search() -> None:
    op.create_table(
        "message_people",
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("tagged_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "idx", name="pk_message_people"),
    )
    op.create_index("ix_message_people_idx", "message_people", ["idx"])
    op.create_table(
        "revocations",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_revocations"),
    )
    op.create_index("ix_messages_operation_idx", "messages", ["operation", "idx"])
    op.create_index("ix_messages_kind_idx", "messages", ["kind", "idx"])
    op.create_index("ix_messages_outcome_idx", "messages", ["outcome", "idx"])
    known = sa.text("officer IS NOT NULL")
    op.create_index(
        "ix_messages_officer_idx",
        "messages",
        ["officer", "idx"],
        sqlite_where=known,
        postgresql_where=known,
    )
