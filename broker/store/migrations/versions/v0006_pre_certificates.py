"""What health facilities certify: births and deaths, with their versions. Adds one table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broker.store.types import UtcTime

revision = "v0006"
down_revision = "v0005"


def upgrade() -> None:
    """Add the table with its indexes."""
    op.create_table(
        "certificates",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(32)),
        sa.Column("tagged_by", sa.Text()),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sealed_by", sa.Text()),
        sa.PrimaryKeyConstraint("code", "version", name="pk_certificates"),
    )
    known = sa.text("subject IS NOT NULL")
    op.create_index(
        "ix_certificates_subject", "certificates", ["subject"], sqlite_where=known, postgresql_where=known
    )
    op.create_index("ix_certificates_received_at", "certificates", ["received_at"])
