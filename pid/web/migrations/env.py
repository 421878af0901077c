"""Alembic's entry: runs the migrations on the connection that `pid.web.database` hands over."""

from alembic import context

from pid.web.models import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True
)
context.run_migrations()
