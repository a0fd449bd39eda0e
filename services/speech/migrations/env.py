"""Alembic's entry to the schema of speech."""

from __future__ import annotations

from kit.db.migrate import run_migrations
from services.speech.store.tables import SpeechTable

run_migrations(SpeechTable.metadata)
