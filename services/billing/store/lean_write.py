"""Writes that are compiled once and run on the driver, as kit.db.lean does it for reads.

Holding and settling credits is what every task waits for, one after the other in the writer's thread; SQLAlchemy Core
would spend half of that time on building statements it has built before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, Update, bindparam
from sqlalchemy.dialects import postgresql, sqlite

StatementFor = Callable[[str], Insert | Update]


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: str
    # Names in the driver's order where it wants a sequence, None where it wants a mapping.
    positions: Sequence[str] | None
    binds: dict[str, Callable[[Any], Any]]


class LeanWrite:
    """A statement whose values are all `bindparam`s, made for a dialect by its name."""

    def __init__(self, statement_for: StatementFor) -> None:
        self._statement_for = statement_for
        self._prepared: dict[str, _Prepared] = {}

    def run(self, connection: Connection, /, **values: Any) -> int:
        """How many rows it wrote."""
        count: int = self._execute(connection, values).rowcount
        return count

    def returning(self, connection: Connection, /, **values: Any) -> int:
        """The integer that the statement returns of its one row."""
        (returned,) = self._execute(connection, values).fetchone()
        return int(returned)

    def _execute(self, connection: Connection, values: dict[str, Any]) -> Any:
        prepared = self._prepared.get(connection.dialect.name)
        if prepared is None:
            prepared = _prepare(self._statement_for(connection.dialect.name), connection.dialect)
            self._prepared[connection.dialect.name] = prepared
        for name, process in prepared.binds.items():
            values[name] = process(values[name])
        driver: Any = connection.connection.driver_connection
        if prepared.positions is None:
            return driver.execute(prepared.sql, values)
        return driver.execute(prepared.sql, [values[name] for name in prepared.positions])


def insert_of(table: Table) -> Insert:
    """An insert of all columns but one that numbers itself, each a `bindparam` of its name."""
    return table.insert().values(_parameters(table))


def insert_if_absent(table: Table) -> StatementFor:
    """The same, writing nothing when a unique column already has one of the values."""

    def statement_for(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        return insert(table).values(_parameters(table)).on_conflict_do_nothing()

    return statement_for


def _parameters(table: Table) -> dict[str, Any]:
    return {
        column.name: bindparam(column.name, type_=column.type)
        for column in table.columns
        if column is not table.autoincrement_column
    }


def _prepare(statement: Insert | Update, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    binds: dict[str, Callable[[Any], Any]] = {}
    for parameter, name in compiled.bind_names.items():
        process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            binds[name] = process
    positions = tuple(compiled.positiontup or ()) if compiled.positional else None
    return _Prepared(str(compiled), positions, binds)
