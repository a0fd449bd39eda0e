"""`id is one of a hundred thousand`, at the price of looking into an array once a row.

A list of so many keys would be parsed and hashed with every statement, on PostgreSQL even compared key by key. Ids of
users are dense, so a byte for each says the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean, LargeBinary

_MARK = 1


def marks_of(ids: Iterable[int], highest: int) -> bytes:
    """A byte for each id up to the highest that there is, which is 1 for the given ones. Others are left out."""
    marks = bytearray(highest + 1)
    for each in ids:
        if 0 <= each <= highest:
            marks[each] = _MARK
    return bytes(marks)


class IsMarked(ColumnElement[bool]):
    """The id has its mark in the bytes that are given at run time as parameter `name`."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[int], name: str) -> None:
        self.column = column
        self.marks = bindparam(name, type_=LargeBinary())

    def self_group(self, against: OperatorType | None = None) -> IsMarked:
        """Itself: SQLAlchemy would make it `… = 1` on SQLite."""
        del against
        return self


def _parts(element: IsMarked, compiler: SQLCompiler, options: dict[str, Any]) -> tuple[str, str]:
    return compiler.process(element.column, **options), compiler.process(element.marks, **options)


@compiles(IsMarked, "sqlite")
def _on_sqlite(element: IsMarked, compiler: SQLCompiler, **options: Any) -> str:
    column, marks = _parts(element, compiler, options)
    # Of bytes, unlike of text, a part is found without reading what is before it. Behind the end there is nothing.
    return f"(substr({marks}, {column} + 1, 1) = x'01')"


@compiles(IsMarked, "postgresql")
def _on_postgresql(element: IsMarked, compiler: SQLCompiler, **options: Any) -> str:
    column, marks = _parts(element, compiler, options)
    in_bounds = f"{column} < octet_length({marks})"
    return f"(CASE WHEN {in_bounds} THEN get_byte({marks}, CAST({column} AS INTEGER)) = 1 ELSE FALSE END)"
