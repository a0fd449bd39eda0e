"""Inserts and updates of many rows as one statement each, compiled once.

SQLite runs the statement once per row inside the driver. PostgreSQL gets an array for each column and makes rows of
them: one statement and one round trip whatever the number of rows. A column with a default needs a value all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
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
    cast,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import String, TypeDecorator, TypeEngine

from kit.db.array_text import array_text
from kit.db.lean_write import insert_of
from kit.db.pipeline import when_answered
from kit.db.prepared import PreparedByDialect

_POSTGRESQL = "postgresql"

Row = dict[str, Any]


class LeanInsertMany:
    """Inserts rows given as tuples of the values of `columns`: all of one table, in its order, but one that numbers
    itself. Database errors are those of Core."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        table = columns[0].table
        assert isinstance(table, Table), "columns of a table"
        own = [column for column in table.columns if column is not table.autoincrement_column]
        assert list(columns) == own, f"{table.name} has {[column.name for column in own]}"
        named = {column.name: column for column in columns}
        self._names = tuple(named)

        def statement_for(dialect: str) -> Insert:
            if dialect != _POSTGRESQL:
                return insert_of(table)
            rows = _given(named)
            return table.insert().from_select(list(named), select(*(rows.c[name] for name in named)))

        self._prepared = PreparedByDialect(statement_for)

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]], /) -> None:
        """Writes all rows."""
        if not rows:
            return
        statement = self._prepared.on(connection.dialect)
        if connection.dialect.name != _POSTGRESQL:
            statement.run_tuples(connection, self._names, rows)
            return
        columns = zip(*rows, strict=True)
        arrays = {name: array_text(values) for name, values in zip(self._names, columns, strict=True)}
        statement.run(connection, arrays, take=_nothing)


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

        def statement_for(dialect: str) -> Update:
            given: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in names}
            if dialect == _POSTGRESQL:
                given = dict(_given(names).c.items())
            found = [kept == given[name] for name, kept in keys.items()]
            return update(table).where(*found, *only).values({kept: given[name] for name, kept in values.items()})

        self._names = tuple(names)
        self._prepared = PreparedByDialect(statement_for)

    def run(self, connection: Connection, rows: Sequence[Row], /, *, otherwise: Callable[[], Exception]) -> None:
        """Writes all rows, and uses them up. Raises `otherwise()` when it did not find one for each of them, in a
        pipeline at its end."""
        if not rows:
            return
        statement, wanted = self._prepared.on(connection.dialect), len(rows)
        if connection.dialect.name != _POSTGRESQL:
            written = statement.run_many(connection, rows)
            _check(written, wanted, otherwise)
            return
        arrays = {name: array_text(list(map(itemgetter(name), rows))) for name in self._names}
        cursor = statement.run(connection, arrays, take=_itself)
        when_answered(connection, lambda: _check(cursor.rowcount, wanted, otherwise))


def _check(written: int, wanted: int, otherwise: Callable[[], Exception]) -> None:
    if written != wanted:
        raise otherwise()


def _itself(cursor: Any) -> Any:
    return cursor


def _nothing(_cursor: Any) -> None:
    return None


def _given(columns: Mapping[str, Column[Any]]) -> TableValuedAlias:
    """Rows out of the arrays, which are parameters with the names of the columns."""
    arrays = (cast(bindparam(name, type_=Text()), ARRAY(_given_type(kept.type))) for name, kept in columns.items())
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _given_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # The column itself refuses what is too long, where a cast would cut it off.
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return Text() if isinstance(plain, String) else kind
