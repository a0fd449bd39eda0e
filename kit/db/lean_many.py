"""Inserts and updates of many rows as one statement each, compiled once.

SQLite runs the statement once per row inside the driver. PostgreSQL gets the rows as one JSON array and makes a table
of it: one statement and one round trip whatever the number of rows, and half the time of an array per column, most of
which the driver spends on writing arrays. A column with a default needs a value all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from kit.db.lean_write import insert_of
from kit.db.pipeline import when_answered
from kit.db.prepared import PreparedByDialect

_POSTGRESQL = "postgresql"
_ROWS = "rows"

Row = dict[str, Any]


class LeanInsertMany:
    """Inserts rows given as tuples of the values of `columns`: all of one table, in its order, but one that numbers
    itself. Database errors are those of Core."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        table = columns[0].table
        assert isinstance(table, Table), "columns of a table"
        own = [column for column in table.columns if column is not table.autoincrement_column]
        assert list(columns) == own, f"{table.name} has {[column.name for column in own]}"
        # SQLAlchemy's own kind of string is none that JSON takes for a key.
        named = {str(column.name): column for column in columns}
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
        named = [dict(zip(self._names, row, strict=True)) for row in rows]
        statement.run(connection, {_ROWS: _json_of(named)}, take=_nothing)


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
        cursor = statement.run(connection, {_ROWS: _json_of(rows)}, take=_itself)
        when_answered(connection, lambda: _check(cursor.rowcount, wanted, otherwise))


def _check(written: int, wanted: int, otherwise: Callable[[], Exception]) -> None:
    if written != wanted:
        raise otherwise()


def _itself(cursor: Any) -> Any:
    return cursor


def _nothing(_cursor: Any) -> None:
    return None


def _given(columns: Mapping[str, Column[Any]]) -> TableValuedAlias:
    """Rows out of a JSON array of objects, the one parameter."""
    shape = (column(name, _given_type(kept.type)) for name, kept in columns.items())
    rows = cast(bindparam(_ROWS, type_=Text()), JSON())
    return func.json_to_recordset(rows).table_valued(*shape, name="given").render_derived(with_types=True)


def _given_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    # The column itself refuses what is too long.
    return Text() if kind.python_type is str else kind


def _json_of(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=_text_of, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _text_of(value: object) -> str:
    """What PostgreSQL reads as a value of a type that JSON has not."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(type(value).__name__)
