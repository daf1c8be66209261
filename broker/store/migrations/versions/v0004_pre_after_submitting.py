"""What happens after submitting: corrections of results, work items with a due date, lists of agencies to compare.

Adds nullable columns, one table and indexes. The index of supplements covers waiting for a relative's consent as well.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from broker.store.types import BigId, UtcTime

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """Add the columns, then the table, then the indexes."""
    op.add_column("steps", sa.Column("result_at", UtcTime()))
    op.add_column("steps", sa.Column("corrections", sa.Integer()))
    op.add_column("steps", sa.Column("correction", sa.Text()))
    op.add_column("steps", sa.Column("correction_note", sa.Text()))
    op.add_column("work_items", sa.Column("step", sa.Text()))
    op.add_column("work_items", sa.Column("due", UtcTime()))
    op.create_table(
        "listed",
        sa.Column("id", BigId, nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("agency_code", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_listed"),
    )
    op.create_index("ix_listed_run_id", "listed", ["run", "id"])
    op.drop_index("ix_steps_supplement_due", "steps")
    op.create_index(
        "ix_steps_supplement_due", "steps", ["supplement_due"], **_where("supplement_due IS NOT NULL")
    )
    started = _where("started_at IS NOT NULL")
    op.create_index("ix_steps_agency_started_at", "steps", ["agency", "started_at"], **started)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
