"""`text contains part`, in either case of the letters A to Z, at the same price on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean

# What PostgreSQL takes without being told: told so, it would write the pattern anew for every row.
_ESCAPED = str.maketrans({special: f"\\{special}" for special in "%_\\"})


def contains_text(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """The text has the part somewhere. Characters beyond ASCII must be the same ones."""
    # Chinese has no case, and comparing as it stands is cheaper on PostgreSQL.
    has_case = part.lower() != part.upper()
    return _Contains(text, part) if has_case else _ContainsAsWritten(text, part)


class _Contains(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def __init__(self, text: ColumnElement[str], part: str) -> None:
        super().__init__(text, bindparam(None, f"%{part.translate(_ESCAPED)}%", type_=String(), unique=True))

    def self_group(self, against: OperatorType | None = None) -> _Contains:
        """Itself: SQLAlchemy would make it `… = 1` on SQLite."""
        del against
        return self


class _ContainsAsWritten(_Contains):
    inherit_cache = True


@compiles(_Contains, "sqlite")
def _on_sqlite(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} LIKE {pattern} ESCAPE '\\')"


@compiles(_Contains, "postgresql")
def _on_postgresql(element: _Contains, compiler: SQLCompiler, **options: Any) -> str:
    # The rules of a language would cost four times as much, and SQLite does not have them.
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f'({text} COLLATE "C" ILIKE {pattern})'


@compiles(_ContainsAsWritten, "postgresql")
def _as_written_on_postgresql(element: _ContainsAsWritten, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} LIKE {pattern})"


@compiles(_ContainsAsWritten, "sqlite")
def _as_written_on_sqlite(element: _ContainsAsWritten, compiler: SQLCompiler, **options: Any) -> str:
    return _on_sqlite(element, compiler, **options)
