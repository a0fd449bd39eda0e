"""The unit of work of auth."""

from __future__ import annotations

from sqlalchemy import Connection

from kit.db.uow import UnitOfWork
from services.auth.store.sessions import SessionRepository
from services.auth.store.tables import EVENT_TABLES
from services.auth.store.users import UserRepository


class AuthUnit(UnitOfWork):
    """One transaction on the auth database."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.users = UserRepository(connection)
        self.sessions = SessionRepository(connection)
