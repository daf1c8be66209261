"""What protects personal data: which data key sealed a row, what was erased or held, look-ups, uses of attachments.

Adds nullable columns, tables, and an index on attachments. Rows that are there stay plain until they are sealed again
(``lienthong keys data reseal``). Attachments are connected with the dossiers whose documents name them.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from broker.store.types import BigId, UtcTime

revision = "v0002"
down_revision = "v0001"

_SEALED = ("messages", "dossiers", "steps", "intake", "deliveries")
_NAMED = re.compile(rb">\s*([0-9a-f]{64})\s*<")
_CHUNK = 500


def upgrade() -> None:
    """Add columns and tables, then say which dossier uses which attachment."""
    for table in _SEALED:
        op.add_column(table, sa.Column("sealed_by", sa.Text()))
    op.add_column("messages", sa.Column("erased_at", UtcTime()))
    op.add_column("dossiers", sa.Column("hold", sa.Text()))
    op.add_column("dossiers", sa.Column("erased_at", UtcTime()))
    op.create_index("ix_blobs_at", "blobs", ["at"])
    _blob_uses()
    _lookups()
    _note_uses("SELECT id, code, declaration FROM dossiers WHERE id > :after ORDER BY id LIMIT :most")
    _note_uses(
        "SELECT dossiers.id || '/' || steps.id, dossiers.code, steps.result FROM steps "
        "JOIN dossiers ON dossiers.id = steps.dossier_id WHERE steps.result IS NOT NULL "
        "AND dossiers.id || '/' || steps.id > :after ORDER BY 1 LIMIT :most"
    )


def _blob_uses() -> None:
    op.create_table(
        "blob_uses",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "dossier", name="pk_blob_uses"),
    )
    op.create_index("ix_blob_uses_dossier", "blob_uses", ["dossier"])


def _lookups() -> None:
    op.create_table(
        "lookups",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("tagged_by", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text()),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lookups"),
    )
    op.create_index("ix_lookups_subject_at", "lookups", ["subject", "at"])
    where = sa.text("dossier_id IS NOT NULL")
    op.create_index(
        "ix_lookups_dossier_id", "lookups", ["dossier_id"], sqlite_where=where, postgresql_where=where
    )
    op.create_index("ix_lookups_at", "lookups", ["at"])


def _note_uses(query: str) -> None:
    """Connect what the documents of ``query`` name with their dossiers, in pieces."""
    conn, after = op.get_bind(), ""
    known = sa.text(
        "INSERT INTO blob_uses SELECT sha256, :dossier FROM blobs WHERE sha256 = :sha256 "
        "AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE sha256 = :sha256 AND dossier = :dossier)"
    )
    while rows := conn.execute(sa.text(query), {"after": after, "most": _CHUNK}).all():
        used: list[dict[str, Any]] = [
            {"dossier": row[1], "sha256": found.decode()}
            for row in rows
            for found in {*_NAMED.findall(bytes(row[2]))}
        ]
        for one in used:
            conn.execute(known, one)
        after = rows[-1][0]
