"""`column IN (all of a list)` as one parameter, so that the statement is the same for every length of the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import Boolean, Text, TypeDecorator, TypeEngine

from kit.db.array_text import array_text


class _Keys(TypeDecorator[Sequence[Any]]):
    """A list of keys as text: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        assert value is not None, "an empty list is a list"
        return array_text(value) if dialect.name == "postgresql" else json.dumps(list(value))


def each_of(name: str, kind: TypeEngine[Any], dialect: str) -> TableValuedAlias:
    """The keys given at run time as parameter `name`, as rows with the column `value`."""
    keys = bindparam(name, type_=_Keys())
    if dialect == "postgresql":
        return func.unnest(cast(keys, ARRAY(kind))).table_valued("value", name=name).render_derived()
    return func.json_each(keys).table_valued("value", name=name)


class AnyOf(ColumnElement[bool]):
    """The column is one of the keys given at run time as parameter `name`, a list of numbers or texts."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.keys = bindparam(name, type_=_Keys())

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
    keys = cast(element.keys, ARRAY(element.column.type))
    return f"{compiler.process(element.column, **options)} = ANY({compiler.process(keys, **options)})"
