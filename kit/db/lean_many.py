"""Inserts and updates of many rows as one statement each, compiled once.

SQLite runs the statement once per row inside the driver. PostgreSQL gets one array per column and unnests them: one
statement and one round trip, whatever the number of rows. A column with a default needs a value all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Text,
    Update,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from kit.db.lean_write import insert_of
from kit.db.prepared import PreparedByDialect

_row_count = attrgetter("rowcount")
_POSTGRESQL = "postgresql"

Row = dict[str, Any]


class LeanInsertMany:
    """Inserts rows given as dicts of all columns but one that numbers itself. Database errors are those of Core."""

    def __init__(self, table: Table) -> None:
        names = {each.name: each for each in table.columns if each is not table.autoincrement_column}
        self._names = tuple(names)

        def statement_for(dialect: str) -> Insert:
            if dialect != _POSTGRESQL:
                return insert_of(table)
            rows = _unnested(names)
            return table.insert().from_select(list(names), select(*(rows.c[name] for name in names)))

        self._prepared = PreparedByDialect(statement_for)

    def run(self, connection: Connection, rows: Sequence[Row], /) -> int:
        """How many rows it wrote."""
        return _run(self._prepared, self._names, connection, rows)


class LeanUpdateMany:
    """Updates rows found by `keys` to `values`, both by the name in the given dicts; `only` limits it to some rows.

    Database errors are those of Core.
    """

    def __init__(
        self,
        table: Table,
        *,
        keys: Mapping[str, Column[Any]],
        values: Mapping[str, Column[Any]],
        only: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        names = {**keys, **values}
        self._names = tuple(names)

        def statement_for(dialect: str) -> Update:
            given: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in names}
            if dialect == _POSTGRESQL:
                given = dict(_unnested(names).c.items())
            found = [kept == given[name] for name, kept in keys.items()]
            return update(table).where(*found, *only).values({kept: given[name] for name, kept in values.items()})

        self._prepared = PreparedByDialect(statement_for)

    def run(self, connection: Connection, rows: Sequence[Row], /) -> int:
        """How many rows it wrote."""
        return _run(self._prepared, self._names, connection, rows)


def _run(prepared: PreparedByDialect, names: Sequence[str], connection: Connection, rows: Sequence[Row]) -> int:
    if not rows:
        return 0
    statement = prepared.on(connection.dialect)
    if connection.dialect.name != _POSTGRESQL:
        return statement.run_many(connection, rows)
    arrays: Row = {name: [row[name] for row in rows] for name in names}
    count: int = statement.run(connection, arrays, take=_row_count)
    return count


def _unnested(columns: Mapping[str, Column[Any]]) -> TableValuedAlias:
    """Rows out of one array per column, given as parameters of the columns' names."""
    arrays = (bindparam(name, type_=_array_of(kept.type)) for name, kept in columns.items())
    shape = (column(name, kept.type) for name, kept in columns.items())
    return func.unnest(*arrays).table_valued(*shape, name="given").render_derived()


def _array_of(kind: TypeEngine[Any]) -> ARRAY[Any]:
    # A cast to varchar(n) would cut off what the column refuses.
    return ARRAY(Text() if kind.python_type is str else kind)
