"""What Alembic runs for each migration command; the connection comes from `cms.migrations.running`."""

from alembic import context

from cms.migrations.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    compare_type=False,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
