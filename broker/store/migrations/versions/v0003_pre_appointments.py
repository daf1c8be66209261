"""Appointments that were missed, alarms of steps that stand still, and the units that statistics count by.

Adds nullable columns and indexes. Steps that are there have no unit: statistics begin with those planned from now on.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from broker.store.types import UtcTime

revision = "v0003"
down_revision = "v0002"


def upgrade() -> None:
    """Add the columns, then their indexes."""
    op.add_column("dossiers", sa.Column("missed", UtcTime()))
    for name in ("missed", "ended_at", "alarm_at", "opened_at"):
        op.add_column("steps", sa.Column(name, UtcTime()))
    for name in ("province", "commune"):
        op.add_column("steps", sa.Column(name, sa.Text()))
    op.create_index("ix_steps_opened_at", "steps", ["opened_at"])
    for name in ("agency", "province", "commune"):
        op.create_index(f"ix_steps_{name}_opened_at", "steps", [name, "opened_at"])
    op.create_index("ix_steps_alarm_at", "steps", ["alarm_at"], **_where("alarm_at IS NOT NULL"))
    where = _where("kind = 'result' AND state IN ('queued','leased','dead')")
    op.create_index("ix_deliveries_unconfirmed", "deliveries", ["created_at"], **where)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
