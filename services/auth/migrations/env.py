"""Alembic's entry into the auth schema."""

from kit.db.migrate import run_migrations
from services.auth.store.tables import AuthTable

run_migrations(AuthTable.metadata)
