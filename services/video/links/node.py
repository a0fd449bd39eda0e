"""JSON of a stranger, read without trust: what is missing or of another kind is empty, never an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

_INT_LIMIT = 10**18


class Node:
    """A place in a JSON value, whether or not there is anything."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, key: str | int) -> Node:
        value = self._value
        if isinstance(key, str):
            return Node(value[key]) if isinstance(value, dict) and key in value else NOTHING
        return Node(value[key]) if isinstance(value, list) and -len(value) <= key < len(value) else NOTHING

    def __bool__(self) -> bool:
        """Whether there is something: an object or a list also when empty, text when it is not."""
        return self._value is not None and self._value != ""

    @property
    def is_object(self) -> bool:
        return isinstance(self._value, dict)

    @property
    def text(self) -> str:
        """The text; empty for everything else."""
        return self._value if isinstance(self._value, str) else ""

    @property
    def ident(self) -> str:
        """Text, or a whole number as text: platforms write ids both ways."""
        value = self._value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _INT_LIMIT:
            return str(value)
        return self.text

    @property
    def number(self) -> int | None:
        """The whole number; None for everything else."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _INT_LIMIT:
            return None
        return value

    @property
    def is_true(self) -> bool:
        return self._value is True

    @property
    def items(self) -> tuple[Node, ...]:
        """The elements of a list."""
        return tuple(Node(each) for each in self._value) if isinstance(self._value, list) else ()

    @property
    def members(self) -> tuple[tuple[str, Node], ...]:
        """Names and values of an object, in their order."""
        return tuple((name, Node(each)) for name, each in self._value.items()) if self.is_object else ()

    def values(self) -> Iterator[Node]:
        """The values of an object, in their order."""
        for _, value in self.members:
            yield value


NOTHING: Final = Node(None)


def read_json(text: str | bytes) -> Node:
    """The value of a whole JSON text; nothing when it is none."""
    try:
        return Node(json.loads(text))
    # Deep nesting exhausts the parser's stack; UnicodeDecodeError is a ValueError.
    except (ValueError, RecursionError):
        return NOTHING


_DECODER = json.JSONDecoder()


def read_json_at(text: str, start: int) -> Node:
    """The value that begins at `start`, whatever follows it; nothing when none does."""
    try:
        value, _ = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return NOTHING
    return Node(value)
