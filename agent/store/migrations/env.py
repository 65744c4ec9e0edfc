"""Runs migrations on the connection that the store hands over, in the store's own transaction."""

from __future__ import annotations

from alembic import context

from agent.store import schema


def run() -> None:
    """Migrate; SQLite can't alter most things in place, so changes go through a copy of the table ("batch")."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=schema.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
