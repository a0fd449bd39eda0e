"""Units of work: the only door from use cases to the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from sqlalchemy import Connection, Table

from kit.db.database import Database
from kit.db.pipeline import pipelined
from kit.events.outbox import Outbox

T = TypeVar("T")


class UnitOfWork:
    """One transaction's view of a database. Services subclass it and add their repositories."""

    def __init__(self, connection: Connection, *, outbox_table: Table) -> None:
        self.connection = connection
        self.outbox = Outbox(connection, outbox_table)

    def pipelined(self) -> AbstractContextManager[None]:
        """Writes that do not wait for each other; see `kit.db.pipeline`."""
        return pipelined(self.connection)


U = TypeVar("U", bound=UnitOfWork)


class Units(Generic[U]):
    """Opens units of work on a database."""

    def __init__(self, database: Database, make: Callable[[Connection], U]) -> None:
        self._database = database
        self._make = make

    async def write(self, work: Callable[[U], T]) -> T:
        """Runs `work` in one transaction; see `Database.write`."""
        make = self._make
        return await self._database.write(lambda connection: work(make(connection)))

    async def read(self, work: Callable[[U], T]) -> T:
        """Runs `work` in a reader thread; see `Database.read`."""
        make = self._make
        return await self._database.read(lambda connection: work(make(connection)))
