"""The database schema, as forward-only Alembic migrations."""
