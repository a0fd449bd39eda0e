"""The one connection of a lane."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

from kit.db.failures import failure_of, unavailable


class HeldConnection:
    """A connection that is opened again after it broke."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def begin(self) -> RootTransaction:
        """A transaction on it. Raises Unavailable when there is none to be had now."""
        try:
            return self._open().begin()
        except DBAPIError as error:
            self.drop()
            raise failure_of(error) from error

    def drop(self) -> None:
        """Closes it; the next transaction opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> Connection:
        if self._connection is not None and (self._connection.invalidated or self._connection.closed):
            self.drop()
        if self._connection is None:
            try:
                self._connection = self._engine.connect()
            except OperationalError as error:
                raise unavailable() from error
        return self._connection
