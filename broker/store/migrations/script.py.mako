"""${message}

A step named ``pre`` runs while the previous release still works on the database: it may add tables, nullable columns and
indexes, nothing else. What takes something away is a ``post`` step, run when the previous release is gone.
On PostgreSQL a step waits at most ten seconds for a lock and then gives up: repeat it at a quieter time. On a large table
an index is built by a step of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Do the step."""
    ${upgrades if upgrades else "pass"}
