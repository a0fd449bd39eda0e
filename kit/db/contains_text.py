"""`text contains part`, in either case of the letters A to Z, at the same price on both databases."""

from __future__ import annotations

import string
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean

# What PostgreSQL takes without being told: told so, it would write the pattern anew for every row.
_ESCAPES = {special: f"\\{special}" for special in "%_\\"}
_ESCAPED = str.maketrans(_ESCAPES)
_FOLDED = str.maketrans(_ESCAPES | dict(zip(string.ascii_uppercase, string.ascii_lowercase, strict=True)))


def contains_text(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """The text has the part somewhere. Characters beyond ASCII must be the same ones."""
    # Chinese has no case, and comparing as it stands is cheaper on PostgreSQL.
    has_case = part.lower() != part.upper()
    if not has_case:
        return _ContainsAsWritten(text, part.translate(_ESCAPED))
    return _Contains(text, part.translate(_FOLDED))


def contains_folded(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """The same of a text that is kept in lower case, which PostgreSQL need not make it again for every row."""
    return _ContainsAsWritten(text, part.translate(_FOLDED))


class _Contains(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def __init__(self, text: ColumnElement[str], escaped: str) -> None:
        super().__init__(text, bindparam(None, f"%{escaped}%", type_=String(), unique=True))

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
    # The rules of a language would cost four times as much, and SQLite does not have them. ILIKE costs three times as
    # much, since it folds the pattern again for every row.
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f'(lower({text} COLLATE "C") LIKE {pattern})'


@compiles(_ContainsAsWritten, "postgresql")
def _as_written_on_postgresql(element: _ContainsAsWritten, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} LIKE {pattern})"


@compiles(_ContainsAsWritten, "sqlite")
def _as_written_on_sqlite(element: _ContainsAsWritten, compiler: SQLCompiler, **options: Any) -> str:
    return _on_sqlite(element, compiler, **options)
