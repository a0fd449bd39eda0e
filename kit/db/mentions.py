"""Texts in which a keyword occurs, alike on both engines: ASCII letters match in either case, others as they are.

LIKE knows two other rules of case, one for each engine, and its own characters to escape.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean, Text


class Mentions(ColumnElement[bool]):
    """The text in the column contains the keyword."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], keyword: str) -> None:
        self.column = column
        # Of bytes, lower() folds the ASCII letters only.
        self.keyword = bindparam(None, keyword.encode().lower().decode(), type_=Text())

    def self_group(self, against: OperatorType | None = None) -> Mentions:
        """Itself: it is a comparison already."""
        del against
        return self


@compiles(Mentions, "sqlite")
def _on_sqlite(element: Mentions, compiler: SQLCompiler, **options: Any) -> str:
    column, keyword = compiler.process(element.column, **options), compiler.process(element.keyword, **options)
    return f"instr(lower({column}), {keyword}) > 0"


@compiles(Mentions, "postgresql")
def _on_postgresql(element: Mentions, compiler: SQLCompiler, **options: Any) -> str:
    column, keyword = compiler.process(element.column, **options), compiler.process(element.keyword, **options)
    return f'strpos(lower({column} COLLATE "C"), {keyword}) > 0'
