"""Selects that are compiled once and run on the driver, for reads on hot paths.

SQLAlchemy Core spends most of a small read on building and caching; this does that work once.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Dialect, Select

from kit.db.prepared import PreparedByDialect, Processor

_fetch_one = methodcaller("fetchone")
_fetch_all = methodcaller("fetchall")


class LeanQuery:
    """A select with `bindparam`s, run as `query.first(connection, key=…)`.

    Rows are tuples of Python values in the order of the select. Parameters that expand (IN) raise ValueError at the
    first run. Database errors are those of Core.
    """

    def __init__(self, statement: Select[Any] | CompoundSelect[Any]) -> None:
        self._statement = statement
        self._prepared = PreparedByDialect(lambda _dialect: statement)
        self._results: dict[str, tuple[Processor | None, ...] | None] = {}

    def first(self, connection: Connection, /, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row = self._prepared.on(connection.dialect).run(connection, values, take=_fetch_one)
        if row is None:
            return None
        processors = self._processors(connection.dialect)
        return tuple(row) if processors is None else _converted(row, processors)

    def all(self, connection: Connection, /, **values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        rows = self._prepared.on(connection.dialect).run(connection, values, take=_fetch_all)
        processors = self._processors(connection.dialect)
        if processors is None:
            return [tuple(row) for row in rows]
        return [_converted(row, processors) for row in rows]

    def _processors(self, dialect: Dialect) -> tuple[Processor | None, ...] | None:
        """One per column; None when the driver's values are good as they are."""
        if dialect.name not in self._results:
            columns = self._statement.selected_columns
            found = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
            self._results[dialect.name] = found if any(found) else None
        return self._results[dialect.name]


def _converted(row: Sequence[Any], processors: tuple[Processor | None, ...]) -> tuple[Any, ...]:
    return tuple(
        value if processor is None else processor(value) for value, processor in zip(row, processors, strict=True)
    )
