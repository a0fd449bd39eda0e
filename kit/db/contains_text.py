"""`text contains part`, in either case of the letters A to Z, at the same price on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean

_ESCAPE = "/"
_ESCAPED = str.maketrans({special: _ESCAPE + special for special in "%_/"})


class ContainsText(FunctionElement[bool]):
    """The text has the part somewhere. Characters beyond ASCII must be the same ones."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, text: ColumnElement[str], part: str) -> None:
        super().__init__(text, bindparam(None, f"%{part.translate(_ESCAPED)}%", type_=String(), unique=True))

    def self_group(self, against: OperatorType | None = None) -> ContainsText:
        """Itself: SQLAlchemy would make it `… = 1` on SQLite."""
        del against
        return self


@compiles(ContainsText, "sqlite")
def _on_sqlite(element: ContainsText, compiler: SQLCompiler, **options: Any) -> str:
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} LIKE {pattern} ESCAPE '{_ESCAPE}')"


@compiles(ContainsText, "postgresql")
def _on_postgresql(element: ContainsText, compiler: SQLCompiler, **options: Any) -> str:
    # The rules of a language would cost four times as much, and SQLite does not have them.
    text, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({text} COLLATE \"C\" ILIKE {pattern} ESCAPE '{_ESCAPE}')"
