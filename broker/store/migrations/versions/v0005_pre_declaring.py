"""What declaring needs: drafts of declarations, and sessions of citizens who signed in. Adds two tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from broker.store.types import UtcTime

revision = "v0005"
down_revision = "v0004"


def upgrade() -> None:
    """Add the tables with their indexes."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("notices", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text()),
        sa.Column("sealed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_drafts_dossier_id"),
    )
    op.create_index("ix_drafts_owner_changed_at", "drafts", ["owner", "changed_at"])
    op.create_index("ix_drafts_changed_at", "drafts", ["changed_at"])
    submitted = sa.text("dossier_id IS NOT NULL")
    op.create_index(
        "ix_drafts_dossier_id", "drafts", ["dossier_id"], sqlite_where=submitted, postgresql_where=submitted
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_until", "sessions", ["until"])
