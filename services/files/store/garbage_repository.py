"""Blobs that are to be deleted from the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from kit.events.tables import core_table
from services.files.store.tables import BlobGarbageRow

_GARBAGE = core_table(BlobGarbageRow)


class GarbageRepository:
    """The garbage list of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, blob_keys: Sequence[str], now: datetime) -> None:
        if blob_keys:
            rows = [{"blob_key": key, "create_time": now} for key in blob_keys]
            self._connection.execute(insert(_GARBAGE), rows)

    def oldest(self, limit: int) -> Sequence[str]:
        query = select(_GARBAGE.c.blob_key).order_by(_GARBAGE.c.create_time).limit(limit)
        return self._connection.execute(query).scalars().all()

    def remove(self, blob_keys: Sequence[str]) -> None:
        self._connection.execute(delete(_GARBAGE).where(_GARBAGE.c.blob_key.in_(blob_keys)))
