"""The tables, with the index that each hot question uses.

The design point is ten million messages and deliveries: what a worker or a page asks often is answered from
an index whose size is that of the unfinished work or of the answer, never of the history. Hence the partial
indexes: a finished delivery is in none of them. States appear as literals in their predicates, so the queries
must spell them as literals too: they use the constants of this module.

Texts have no length here: what another system wrote is kept as it is, on both databases alike; bounds are set
where it enters.

Tables of what is kept beside dossiers are in `broker.store.schema_people`, those of what makes the log provable in
`broker.store.schema_evidence`; both are known here too.

Columns with personal data (`broker.store.sealing`) hold sealed bytes; ``sealed_by`` of the row names the data key, null
where they are plain: rows from before there were data keys, until ``lienthong keys data reseal``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
    UniqueConstraint,
)

from broker.store.metadata import metadata as metadata
from broker.store.metadata import where
from broker.store.schema_evidence import log_archives as log_archives
from broker.store.schema_evidence import log_cosignatures as log_cosignatures
from broker.store.schema_evidence import log_findings as log_findings
from broker.store.schema_evidence import log_tiles as log_tiles
from broker.store.schema_evidence import log_timestamps as log_timestamps
from broker.store.schema_evidence import log_verifications as log_verifications
from broker.store.schema_evidence import message_people as message_people
from broker.store.schema_evidence import revocations as revocations
from broker.store.schema_people import certificates as certificates
from broker.store.schema_people import drafts as drafts
from broker.store.schema_people import lookups as lookups
from broker.store.schema_people import sessions as sessions
from broker.store.types import BigId, UtcTime

# --- the message log ----------------------------------------------------------------------------------------

messages = Table(
    "messages",
    metadata,
    Column("idx", BigId, primary_key=True, autoincrement=False),  # position in the log, from 0, no gaps
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("direction", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("dossier", Text),
    Column("related_id", Text),
    Column("signer", Text),
    Column("officer", Text),
    Column("purpose", Text),
    Column("content_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # the bytes that were hashed
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("salt", LargeBinary(16)),
    Column("body", LargeBinary),  # null once erased, and the salt with it
    Column("sealed_by", Text),
    Column("erased_at", UtcTime),
    Index("ix_messages_at", "at"),
    Index("ix_messages_agency_idx", "agency", "idx"),
    Index("ix_messages_operation_idx", "operation", "idx"),
    Index("ix_messages_kind_idx", "kind", "idx"),
    Index("ix_messages_outcome_idx", "outcome", "idx"),
    Index("ix_messages_officer_idx", "officer", "idx", **where("officer IS NOT NULL")),
    Index("ix_messages_dossier_idx", "dossier", "idx", **where("dossier IS NOT NULL")),
    Index("ix_messages_related_id", "related_id", **where("related_id IS NOT NULL")),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, id 1, written by the migration
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_log_checkpoints_size", "size"),
)

# --- dossiers -----------------------------------------------------------------------------------------------

dossiers = Table(
    "dossiers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("process", Text, nullable=False),
    Column("rule_set", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("phase", Text, nullable=False),
    Column("declaration", LargeBinary, nullable=False),
    Column("officer", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("due", UtcTime),
    Column("reason", Text),
    Column("sealed_by", Text),
    Column("hold", Text),  # why it must not be erased
    Column("erased_at", UtcTime),
    Column("missed", UtcTime),  # the first appointment that passed
    Index("ix_dossiers_received_at_id", "received_at", "id"),
    Index("ix_dossiers_unit_received_at_id", "unit", "received_at", "id"),
    Index("ix_dossiers_phase_received_at_id", "phase", "received_at", "id"),
)

dossier_codes = Table(
    "dossier_codes",
    metadata,
    Column("system", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("dossier_id", ForeignKey("dossiers.id"), nullable=False),
    PrimaryKeyConstraint("value", "system"),  # value first: a code is looked up without knowing its system
    Index("ix_dossier_codes_dossier_id", "dossier_id"),
)

STEP_OPEN = "state NOT IN ('completed','returned','rejected','withdrawn','cancelled')"

steps = Table(
    "steps",
    metadata,
    Column("dossier_id", ForeignKey("dossiers.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("due", UtcTime),
    Column("version", Integer, nullable=False),
    Column("agency_code", Text),
    Column("reason", Text),
    Column("supplement_due", UtcTime),
    Column("result", LargeBinary),
    Column("poll_at", UtcTime),
    Column("started_at", UtcTime),
    Column("result_at", UtcTime),
    Column("corrections", Integer),  # how often the result was corrected; null: never
    Column("correction", Text),
    Column("correction_note", Text),
    Column("sealed_by", Text),
    Column("missed", UtcTime),  # the first appointment that passed without a result
    Column("ended_at", UtcTime),
    Column("alarm_at", UtcTime),
    # What statistics count by: when the step was planned, and the unit that acts.
    Column("opened_at", UtcTime),
    Column("province", Text),
    Column("commune", Text),
    PrimaryKeyConstraint("dossier_id", "id"),
    Index("ix_steps_poll", "agency", "poll_at", **where("poll_at IS NOT NULL")),
    Index("ix_steps_due", "due", **where(f"due IS NOT NULL AND {STEP_OPEN}")),
    Index("ix_steps_alarm_at", "alarm_at", **where("alarm_at IS NOT NULL")),
    Index("ix_steps_opened_at", "opened_at"),
    Index("ix_steps_agency_opened_at", "agency", "opened_at"),
    Index("ix_steps_province_opened_at", "province", "opened_at"),
    Index("ix_steps_commune_opened_at", "commune", "opened_at"),
    Index("ix_steps_supplement_due", "supplement_due", **where("supplement_due IS NOT NULL")),
    Index("ix_steps_agency_started_at", "agency", "started_at", **where("started_at IS NOT NULL")),
    Index("ix_steps_agency_state", "agency", "state", **where(STEP_OPEN)),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("dossier_id", ForeignKey("dossiers.id"), nullable=False),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("inferred", Boolean, nullable=False),
    Column("note", Text),
    Column("message_id", Text),
    Index("ix_transitions_dossier_id_id", "dossier_id", "id"),
)

checks = Table(
    "checks",
    metadata,
    Column("dossier_id", ForeignKey("dossiers.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("detail", Text),
    PrimaryKeyConstraint("dossier_id", "person", "field"),
)

counters = Table(
    "counters",
    metadata,
    Column("scope", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "day"),
)

intake = Table(
    "intake",
    metadata,
    Column("sender", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("answer", LargeBinary),  # null once erased
    Column("sealed_by", Text),
    PrimaryKeyConstraint("sender", "message_id"),
    Index("ix_intake_at", "at"),
)

# --- deliveries ---------------------------------------------------------------------------------------------

UNFINISHED = "state IN ('queued','leased','dead')"
UNCONFIRMED = f"kind = 'result' AND {UNFINISHED}"
CLAIMABLE = "state = 'queued' AND NOT waits"

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("since", UtcTime, nullable=False),  # when its present life began: created or replayed
    Column("next_at", UtcTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("waits", Boolean, nullable=False),  # an earlier delivery of the lane is not done
    Column("in_flight", Boolean, nullable=False),  # an attempt began and its end is not known
    Column("dossier_id", Text),
    Column("step", Text),
    Column("attempts", Integer, nullable=False),  # in its present life
    Column("tries", Integer, nullable=False),  # in all: the number of the last attempt
    Column("ambiguous", Boolean, nullable=False),
    Column("error_class", Text),
    Column("reason", Text),
    Column("context", Text, nullable=False),
    Column("items", Text, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", UtcTime),
    Column("done_at", UtcTime),
    Column("sealed_by", Text),
    UniqueConstraint("lane", "seq"),
    Index("ix_deliveries_claim", "agency", "next_at", "id", **where(CLAIMABLE)),
    Index("ix_deliveries_leased", "agency", "lease_until", **where("state = 'leased'")),
    Index("ix_deliveries_lane", "lane", "seq", **where(UNFINISHED)),
    Index("ix_deliveries_depth", "agency", "state", **where(UNFINISHED)),
    Index("ix_deliveries_dossier_id", "dossier_id", **where("dossier_id IS NOT NULL")),
    Index("ix_deliveries_created_at_id", "created_at", "id"),
    Index("ix_deliveries_unconfirmed", "created_at", **where(UNCONFIRMED)),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", Text),  # see rows.Attempt; null while in flight
    Column("error_class", Text),
    Column("reason", Text),
    PrimaryKeyConstraint("delivery_id", "number"),
)

agencies = Table(
    "agencies",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("reason", Text),
    Column("since", UtcTime),
    Column("until", UtcTime),
)

# --- people, schedule, attachments --------------------------------------------------------------------------

work_items = Table(
    "work_items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("agency", Text),
    Column("dossier_id", Text),
    Column("delivery_id", Text),
    Column("message_id", Text),
    Column("step", Text),
    Column("due", UtcTime),  # until when its owner is to have seen to it
    Column("closed_at", UtcTime),
    Column("closed_by", Text),
    Column("note", Text),
    Index("ix_work_items_open", "at", "id", **where("closed_at IS NULL")),
    Index("ix_work_items_dossier_id", "dossier_id", **where("dossier_id IS NOT NULL")),
)

listed = Table(
    "listed",  # what an agency says it has, page by page, until it has been compared with ours
    metadata,
    Column("id", BigId, primary_key=True),
    Column("run", Text, nullable=False),
    Column("code", Text),
    Column("key", Text),
    Column("agency_code", Text),
    Column("state", Text),
    Column("at", UtcTime),
    Index("ix_listed_run_id", "run", "id"),
)

acts = Table(
    "acts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_acts_target", "target", "id"),
)

runs = Table(
    "runs",
    metadata,
    Column("job", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("job", "due_at"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("at", UtcTime, nullable=False),  # when it was last handed over
    Index("ix_blobs_at", "at"),
)

blob_uses = Table(
    "blob_uses",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("dossier", Text, nullable=False),  # its code, as in messages
    PrimaryKeyConstraint("sha256", "dossier"),
    Index("ix_blob_uses_dossier", "dossier"),
)
