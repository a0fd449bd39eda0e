"""Alembic's entry to the schema of files."""

from __future__ import annotations

from kit.db.migrate import run_migrations
from services.files.store.tables import FilesTable

run_migrations(FilesTable.metadata)
