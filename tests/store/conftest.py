"""Every store suite runs on both engines."""

from __future__ import annotations

from tests.databases import database, database_url, postgres_server

__all__ = ["database", "database_url", "postgres_server"]
