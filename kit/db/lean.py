"""Statements that are compiled once and run on the driver, for reads on hot paths.

SQLAlchemy Core spends most of a small read on building and caching; this does that work once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Select

_Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: str
    # Names in the driver's order where it wants a sequence, None where it wants a mapping.
    positions: tuple[str, ...] | None
    constants: dict[str, Any]
    binds: dict[str, Callable[[Any], Any]]
    results: tuple[_Processor, ...]
    has_results: bool


def _prepare(statement: Select[Any], dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    binds: dict[str, Callable[[Any], Any]] = {}
    for parameter, name in compiled.bind_names.items():
        processor = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            binds[name] = processor
    results = tuple(
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns
    )
    return _Prepared(
        sql=str(compiled),
        positions=tuple(compiled.positiontup or ()) if compiled.positional else None,
        constants={name: value for name, value in compiled.params.items() if value is not None},
        binds=binds,
        results=results,
        has_results=any(processor is not None for processor in results),
    )


class LeanQuery:
    """A select with `bindparam`s, run as `query.first(connection, key=…)`.

    Rows are tuples of Python values in the order of the select. Expanding parameters (IN) are not supported.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._prepared: dict[str, _Prepared] = {}

    def first(self, connection: Connection, /, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row = self._run(connection, values).fetchone()
        if row is None:
            return None
        prepared = self._prepared[connection.dialect.name]
        return _converted(row, prepared.results) if prepared.has_results else tuple(row)

    def all(self, connection: Connection, /, **values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        rows = self._run(connection, values).fetchall()
        prepared = self._prepared[connection.dialect.name]
        if not prepared.has_results:
            return [tuple(row) for row in rows]
        return [_converted(row, prepared.results) for row in rows]

    def _run(self, connection: Connection, values: dict[str, Any]) -> Any:
        prepared = self._prepared.get(connection.dialect.name)
        if prepared is None:
            prepared = _prepare(self._statement, connection.dialect)
            self._prepared[connection.dialect.name] = prepared
        arguments = {**prepared.constants, **values}
        for name, processor in prepared.binds.items():
            arguments[name] = processor(arguments[name])
        driver = connection.connection.driver_connection
        assert driver is not None, "a lean query needs an open connection"
        if prepared.positions is None:
            return driver.execute(prepared.sql, arguments)
        return driver.execute(prepared.sql, [arguments[name] for name in prepared.positions])


def _converted(row: Any, processors: tuple[_Processor, ...]) -> tuple[Any, ...]:
    return tuple(
        value if processor is None else processor(value) for value, processor in zip(row, processors, strict=True)
    )
