"""Inserts and updates that are compiled once and run on the driver, for writes that many wait for.

One writer's thread does them one after the other; Core would spend half of that time on building statements it has
built before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, methodcaller
from typing import Any

from sqlalchemy import BindParameter, Connection, Insert, Table, Update, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.prepared import PreparedByDialect

StatementFor = Callable[[str], Insert | Update]

_row_count = attrgetter("rowcount")
_fetch_one = methodcaller("fetchone")
_fetch_all = methodcaller("fetchall")


class LeanWrite:
    """An insert or update with `bindparam`s, or how to make it for the dialect of a name.

    A column with a default needs a value all the same. Database errors are those of Core.
    """

    def __init__(self, statement: Insert | Update | StatementFor) -> None:
        self._prepared = PreparedByDialect(statement if callable(statement) else lambda _dialect: statement)

    def run(self, connection: Connection, /, **values: Any) -> int:
        """How many rows it wrote."""
        count: int = self._prepared.on(connection.dialect).run(connection, values, take=_row_count)
        return count

    def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]], /) -> int:
        """Runs it for each of the rows, in their order; answers how many rows it wrote. Uses up the rows."""
        return self._prepared.on(connection.dialect).run_many(connection, rows) if rows else 0

    def returning_each(self, connection: Connection, /, **values: Any) -> list[Any]:
        """What the statement returns, one value for each row."""
        return [value for (value,) in self._prepared.on(connection.dialect).run(connection, values, take=_fetch_all)]

    def returning_rows(self, connection: Connection, /, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that the statement returns, with the driver's own values."""
        return self._prepared.on(connection.dialect).run(connection, values, take=_fetch_all)

    def returning(self, connection: Connection, /, **values: Any) -> int:
        """The integer that the statement returns of its one row."""
        (returned,) = self._prepared.on(connection.dialect).run(connection, values, take=_fetch_one)
        return int(returned)


def insert_of(table: Table) -> Insert:
    """An insert of all columns but one that numbers itself, each a `bindparam` of its name."""
    return table.insert().values(_parameters(table))


def insert_if_absent(table: Table) -> StatementFor:
    """The same, writing nothing when a unique column already has one of the values."""

    def statement_for(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        return insert(table).values(_parameters(table)).on_conflict_do_nothing()

    return statement_for


def _parameters(table: Table) -> dict[str, BindParameter[Any]]:
    return {
        column.name: bindparam(column.name, type_=column.type)
        for column in table.columns
        if column is not table.autoincrement_column
    }
