"""Selects that are compiled once and run on the driver, for reads on hot paths.

SQLAlchemy Core spends most of a small read on building and caching; this does that work once.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Dialect, Select

from kit.db.prepared import PreparedByDialect, Processor, converted_rows

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
        self._results: dict[str, dict[int, Processor]] = {}

    def first(self, connection: Connection, /, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row = self._prepared.on(connection.dialect).run(connection, values, take=_fetch_one)
        if row is None:
            return None
        (converted,) = converted_rows([row], self._processors(connection.dialect))
        return converted

    def all(self, connection: Connection, /, **values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        rows = self._prepared.on(connection.dialect).run(connection, values, take=_fetch_all)
        return converted_rows(rows, self._processors(connection.dialect))

    def ask(self, connection: Connection, /, **values: Any) -> Callable[[], list[tuple[Any, ...]]]:
        """Sends it; all rows are there when what is returned is called. In a pipeline nothing is waited for before."""
        if connection.dialect.name != "postgresql":
            # SQLite looks for a row when it is fetched, and would find what was written since.
            found = self.all(connection, **values)
            return lambda: found
        rows = self._prepared.on(connection.dialect).ask(connection, values)
        return lambda: converted_rows(rows(), self._processors(connection.dialect))

    def _processors(self, dialect: Dialect) -> dict[int, Processor]:
        """By the place of the column; none where the driver's values are good as they are."""
        if dialect.name not in self._results:
            columns = self._statement.selected_columns
            found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
            self._results[dialect.name] = {place: process for place, process in enumerate(found) if process is not None}
        return self._results[dialect.name]
