"""Migrations run on both engines."""

from __future__ import annotations

from tests.databases import database_url, postgres_server

__all__ = ["database_url", "postgres_server"]
