"""Statements that are compiled once and run on the driver: what lean queries and lean writes have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIModule
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from kit.db.each_value import converted

T = TypeVar("T")
Processor = Callable[[Any], Any]


def _itself(cursor: Any) -> Any:
    return cursor


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """SQL of one dialect, and what its values go through on their way to the driver."""

    sql: str
    # Picks the values in the driver's order where it wants a sequence, None where it wants a mapping.
    in_order: Callable[[dict[str, Any]], tuple[Any, ...]] | None
    # Values written into the statement, as the driver wants them.
    constants: Mapping[str, Any]
    binds: Mapping[str, Processor]

    def run(self, connection: Connection, values: dict[str, Any], *, take: Callable[[Any], T]) -> T:
        """What `take` gets from the driver's cursor. Uses up `values`.

        Raises what Core raises: subclasses of sqlalchemy.exc.DBAPIError.
        """
        arguments = self._arguments(values)
        driver: Any = connection.connection.driver_connection
        try:
            return take(driver.execute(self.sql, arguments))
        except connection.dialect.loaded_dbapi.Error as error:
            raise core_error(error, connection, self.sql) from error

    def ask(self, connection: Connection, values: dict[str, Any]) -> Callable[[], list[tuple[Any, ...]]]:
        """The same, answering what waits for the rows."""
        cursor = self.run(connection, values, take=_itself)

        def rows() -> list[tuple[Any, ...]]:
            try:
                fetched: list[tuple[Any, ...]] = cursor.fetchall()
            except connection.dialect.loaded_dbapi.Error as error:
                raise core_error(error, connection, self.sql) from error
            return fetched

        return rows

    def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
        """Runs it once for each of the rows, which it uses up; answers how many rows were written in all.

        Raises what Core raises.
        """
        for name, process in self.binds.items():
            for values, value in zip(rows, converted([values[name] for values in rows], process), strict=True):
                values[name] = value
        if self.constants:
            for values in rows:
                values.update(self.constants)
        return self._run_each(connection, rows if self.in_order is None else [self.in_order(values) for values in rows])

    def run_tuples(self, connection: Connection, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
        """The same for rows of the values of these names, which are all it has, in the order of the driver."""
        processors = {place: self.binds[name] for place, name in enumerate(names) if name in self.binds}
        return self._run_each(connection, converted_rows(rows, processors) if processors else rows)

    def _run_each(self, connection: Connection, arguments: Sequence[Any]) -> int:
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.cursor()
            cursor.executemany(self.sql, arguments)
            count: int = cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as error:
            raise core_error(error, connection, self.sql) from error
        return count

    def _arguments(self, values: dict[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        values.update(self.constants)
        for name, process in self.binds.items():
            values[name] = process(values[name])
        return values if self.in_order is None else self.in_order(values)


def converted_rows(rows: Sequence[Sequence[Any]], processors: Mapping[int, Processor]) -> list[tuple[Any, ...]]:
    """The rows as tuples, with the values at these places processed."""
    if not processors or not rows:
        return [tuple(row) for row in rows]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, process in processors.items():
        columns[place] = converted(columns[place], process)
    return list(zip(*columns, strict=True))


class PreparedByDialect:
    """A statement that is prepared at its first use on a dialect."""

    def __init__(self, statement_for: Callable[[str], ClauseElement]) -> None:
        self._statement_for = statement_for
        self._prepared: dict[str, PreparedStatement] = {}

    def on(self, dialect: Dialect) -> PreparedStatement:
        """The statement for the dialect. Raises ValueError when it cannot be compiled once and for all."""
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            # Two threads may do this at once; both come to the same.
            prepared = self._prepared[dialect.name] = _prepare(self._statement_for(dialect.name), dialect)
        return prepared


def _prepare(statement: ClauseElement, dialect: Dialect) -> PreparedStatement:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler), "a query or a write, not DDL"
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise ValueError("a lean statement has no parameter that is expanded or written into the SQL at run time")
    if compiled.prefetch:
        raise ValueError("a lean statement writes every column that has a default")
    constants: dict[str, Any] = {}
    binds: dict[str, Processor] = {}
    for parameter, name in compiled.bind_names.items():
        process = _bind_processor(parameter.type, dialect)
        if parameter.callable is not None:
            raise ValueError(f"the parameter {name} of a lean statement would be computed once only")
        if not parameter.required:
            constants[name] = parameter.value if process is None else process(parameter.value)
        elif process is not None:
            binds[name] = process
    in_order = _picker(tuple(compiled.positiontup or ())) if compiled.positional else None
    return PreparedStatement(str(compiled), in_order, constants, binds)


def _picker(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    # itemgetter answers a tuple for two names and more only.
    return itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)


def _bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def core_error(error: DBAPIModule.Error, connection: Connection, sql: str) -> BaseException:
    """The error as Core would raise it, after giving up a connection that the driver has lost."""
    dialect = connection.dialect
    is_lost = not connection.invalidated and dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if is_lost:
        connection.invalidate(error)
    instance: BaseException = DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return instance
