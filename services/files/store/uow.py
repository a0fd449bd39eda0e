"""The unit of work of the files service."""

from __future__ import annotations

from sqlalchemy import Connection

from kit.db.uow import UnitOfWork
from services.files.store.blob_repository import BlobRepository
from services.files.store.departure_repository import DepartureRepository
from services.files.store.file_repository import FileRepository
from services.files.store.garbage_repository import GarbageRepository
from services.files.store.grant_repository import GrantRepository
from services.files.store.tables import EVENT_TABLES


class FilesUnit(UnitOfWork):
    """One transaction on files, blobs, grants, the garbage list, departed users and the outbox."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.files = FileRepository(connection)
        self.blobs = BlobRepository(connection)
        self.grants = GrantRepository(connection)
        self.garbage = GarbageRepository(connection)
        self.departures = DepartureRepository(connection)
