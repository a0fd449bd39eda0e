"""Alembic's entry to the schema of video."""

from __future__ import annotations

from kit.db.migrate import run_migrations
from services.video.store.tables import VideoTable

run_migrations(VideoTable.metadata)
