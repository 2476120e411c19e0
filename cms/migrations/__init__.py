"""Alembic migrations: append-only once landed, run on SQLite and PostgreSQL."""
