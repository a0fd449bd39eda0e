"""Numbers and booleans of JSON bodies are those of JSON: pydantic alone takes "5" and true for 5, and 1 for true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.errors import shape_error
from edge.validation import FieldWords, wrong_kind

_TYPES: Mapping[str, tuple[type, ...]] = {"integer": (int, float), "number": (int, float), "boolean": (bool,)}


class JsonKinds:
    """Compares the kinds of a body's own fields with what JSON Schema says of them: `described` has the schema of each
    field by its name."""

    def __init__(self, described: Mapping[str, Any], words: Mapping[str, FieldWords]) -> None:
        kinds = {name: _kind(schema) for name, schema in described.items()}
        self._kinds = {name: kind for name, kind in kinds.items() if kind is not None}
        self._words = words

    def check(self, body: Mapping[str, object]) -> None:
        """Raises RequestRefused, naming the first wrong field. Null is left to the model."""
        for name, kind in self._kinds.items():
            value = body.get(name)
            if value is None:
                continue
            if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
                raise shape_error(wrong_kind(name, kind, words=self._words))


def _kind(schema: Mapping[str, Any]) -> str | None:
    """The one kind besides null that a field has, if it is one of ours."""
    kinds = {each.get("type") for each in schema.get("anyOf", (schema,))} - {"null"}
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind in _TYPES else None
