"""Arrays as PostgreSQL writes them. The driver would take ten times as long over one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from kit.db.each_value import converted


def array_text(values: Sequence[Any]) -> str:
    """The values, all of one type: numbers, truth values, texts, bytes or aware times, or None. Raises ValueError for
    a naive time."""
    if None in values:
        known = iter(_texts([value for value in values if value is not None]))
        return f"{{{','.join(['NULL' if value is None else _quoted(next(known)) for value in values])}}}"
    # Numbers may stand in quotes as well.
    return f'{{"{_JOINT.join(_texts(values))}"}}' if values else "{}"


_JOINT = '","'


def _quoted(text: str) -> str:
    return f'"{text}"'


def _texts(values: Sequence[Any]) -> Sequence[str]:
    """What stands between the quotes."""
    if not values:
        return ()
    if not isinstance(values[0], str):
        return converted(values, _TEXT_OF[type(values[0])])
    joined = "".join(values)
    return list(map(_escaped, values)) if '"' in joined or "\\" in joined else values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _text_of_bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _text_of_time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a stored time must be aware")
    return value.isoformat()


_TEXT_OF: Mapping[type, Callable[[Any], str]] = MappingProxyType(
    {int: str, float: str, bool: str, bytes: _text_of_bytes, datetime: _text_of_time}
)
