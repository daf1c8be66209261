"""Run by Alembic for every command: uses the transaction that `broker.store.migrations` opened."""

from __future__ import annotations

from alembic import context

from broker.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
context.run_migrations()
