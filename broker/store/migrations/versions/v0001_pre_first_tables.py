"""The first tables.

Creates everything of `broker.store.schema` as it was then. Takes no locks on anything that exists.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from broker.store.types import BigId, UtcTime

revision = "v0001"
down_revision = None

# RFC 6962 §2.1: the root of the tree without leaves is the hash of nothing; a frontier begins with its size.
_EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
_EMPTY_FRONTIER = bytes(8)


def upgrade() -> None:
    """Create the tables; those that others refer to come first."""
    _messages()
    _log_head()
    _log_checkpoints()
    _dossiers()
    _dossier_codes()
    _steps()
    _transitions()
    _checks()
    _counters()
    _intake()
    _deliveries()
    _attempts()
    _agencies()
    _work_items()
    _acts()
    _runs()
    _blobs()


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("idx", BigId, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text()),
        sa.Column("related_id", sa.Text()),
        sa.Column("signer", sa.Text()),
        sa.Column("officer", sa.Text()),
        sa.Column("purpose", sa.Text()),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16)),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("idx", name="pk_messages"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
    )
    op.create_index("ix_messages_agency_idx", "messages", ["agency", "idx"])
    op.create_index("ix_messages_at", "messages", ["at"])
    op.create_index(
        "ix_messages_dossier_idx", "messages", ["dossier", "idx"], **_where("dossier IS NOT NULL")
    )
    op.create_index("ix_messages_related_id", "messages", ["related_id"], **_where("related_id IS NOT NULL"))


def _log_head() -> None:
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_head"),
    )
    op.bulk_insert(head, [{"id": 1, "size": 0, "root": _EMPTY_ROOT, "frontier": _EMPTY_FRONTIER}])


def _log_checkpoints() -> None:
    op.create_table(
        "log_checkpoints",
        sa.Column("id", BigId, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_checkpoints"),
    )
    op.create_index("ix_log_checkpoints_size", "log_checkpoints", ["size"])


def _dossiers() -> None:
    op.create_table(
        "dossiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("declaration", sa.LargeBinary(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due", UtcTime()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_dossiers"),
        sa.UniqueConstraint("code", name="uq_dossiers_code"),
    )
    op.create_index("ix_dossiers_phase_received_at_id", "dossiers", ["phase", "received_at", "id"])
    op.create_index("ix_dossiers_received_at_id", "dossiers", ["received_at", "id"])
    op.create_index("ix_dossiers_unit_received_at_id", "dossiers", ["unit", "received_at", "id"])


def _dossier_codes() -> None:
    op.create_table(
        "dossier_codes",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_dossier_codes_dossier_id"),
        sa.PrimaryKeyConstraint("value", "system", name="pk_dossier_codes"),
    )
    op.create_index("ix_dossier_codes_dossier_id", "dossier_codes", ["dossier_id"])


def _steps() -> None:
    op.create_table(
        "steps",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("due", UtcTime()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("agency_code", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("supplement_due", UtcTime()),
        sa.Column("result", sa.LargeBinary()),
        sa.Column("poll_at", UtcTime()),
        sa.Column("started_at", UtcTime()),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_steps_dossier_id"),
        sa.PrimaryKeyConstraint("dossier_id", "id", name="pk_steps"),
    )
    op.create_index(
        "ix_steps_agency_state",
        "steps",
        ["agency", "state"],
        **_where("state NOT IN ('completed','returned','rejected','withdrawn','cancelled')"),
    )
    op.create_index(
        "ix_steps_due",
        "steps",
        ["due"],
        **_where(
            "due IS NOT NULL AND state NOT IN ('completed','returned','rejected','withdrawn','cancelled')"
        ),
    )
    op.create_index("ix_steps_poll", "steps", ["agency", "poll_at"], **_where("poll_at IS NOT NULL"))
    op.create_index("ix_steps_supplement_due", "steps", ["supplement_due"], **_where("state = 'supplement'"))


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("message_id", sa.Text()),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_transitions_dossier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
    )
    op.create_index("ix_transitions_dossier_id_id", "transitions", ["dossier_id", "id"])


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("dossier_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name="fk_checks_dossier_id"),
        sa.PrimaryKeyConstraint("dossier_id", "person", "field", name="pk_checks"),
    )


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name="pk_counters"),
    )


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("sender", "message_id", name="pk_intake"),
    )
    op.create_index("ix_intake_at", "intake", ["at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("in_flight", sa.Boolean(), nullable=False),
        sa.Column("dossier_id", sa.Text()),
        sa.Column("step", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("error_class", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", UtcTime()),
        sa.Column("done_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
        sa.UniqueConstraint("lane", "seq", name="uq_deliveries_lane_seq"),
    )
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        ["agency", "next_at", "id"],
        **_where("state = 'queued' AND NOT waits"),
    )
    op.create_index("ix_deliveries_created_at_id", "deliveries", ["created_at", "id"])
    op.create_index(
        "ix_deliveries_depth",
        "deliveries",
        ["agency", "state"],
        **_where("state IN ('queued','leased','dead')"),
    )
    op.create_index(
        "ix_deliveries_dossier_id", "deliveries", ["dossier_id"], **_where("dossier_id IS NOT NULL")
    )
    op.create_index(
        "ix_deliveries_lane", "deliveries", ["lane", "seq"], **_where("state IN ('queued','leased','dead')")
    )
    op.create_index(
        "ix_deliveries_leased", "deliveries", ["agency", "lease_until"], **_where("state = 'leased'")
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("outcome", sa.Text()),
        sa.Column("error_class", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
    )


def _agencies() -> None:
    op.create_table(
        "agencies",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", UtcTime()),
        sa.Column("until", UtcTime()),
        sa.PrimaryKeyConstraint("agency", name="pk_agencies"),
    )


def _work_items() -> None:
    op.create_table(
        "work_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text()),
        sa.Column("dossier_id", sa.Text()),
        sa.Column("delivery_id", sa.Text()),
        sa.Column("message_id", sa.Text()),
        sa.Column("closed_at", UtcTime()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_work_items"),
    )
    op.create_index(
        "ix_work_items_dossier_id", "work_items", ["dossier_id"], **_where("dossier_id IS NOT NULL")
    )
    op.create_index("ix_work_items_open", "work_items", ["at", "id"], **_where("closed_at IS NULL"))


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
    )
    op.create_index("ix_acts_target", "acts", ["target", "id"])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("job", "due_at", name="pk_runs"),
    )


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
    )
