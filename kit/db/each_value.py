"""Values of one column, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

_NOTHING: Any = object()


def converted(values: Sequence[Any], process: Callable[[Any], T]) -> list[T]:
    """Each value processed, one that follows its equal as that was: rows that are written together have most of their
    times in common."""
    results: list[T] = []
    former, result = _NOTHING, _NOTHING
    for value in values:
        if value is not former and value != former:
            former, result = value, process(value)
        results.append(result)
    return results
