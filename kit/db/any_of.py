"""`column IN (all of a list)` as one parameter, so that the statement is the same for every length of the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean, Text, TypeDecorator, TypeEngine


class _Keys(TypeDecorator[Sequence[Any]]):
    """A list of keys: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        assert value is not None, "an empty list is a list"
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class AnyOf(ColumnElement[bool]):
    """The column is one of the keys given at run time as parameter `name`, a list of numbers or texts."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.keys = bindparam(name, type_=_Keys(column.type))

    def self_group(self, against: OperatorType | None = None) -> AnyOf:
        """Itself: SQLAlchemy would make it `… = 1` on SQLite, which then reads the whole table."""
        del against
        return self


@compiles(AnyOf, "sqlite")
def _on_sqlite(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    values = func.json_each(element.keys).table_valued("value")
    return compiler.process(element.column.in_(select(values.c.value)), **options)


@compiles(AnyOf, "postgresql")
def _on_postgresql(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = compiler.process(element.column, **options), compiler.process(element.keys, **options)
    return f"{column} = ANY({keys})"
