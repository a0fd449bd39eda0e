"""Values that are made by the thousand on hot paths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A dataclass with slots, equal and hashed by its fields, that nobody may assign to.

    mypy refuses the assignment as it does for `dataclass(frozen=True)`. At run time nothing looks: a frozen dataclass
    sets each field through a function call, which makes it three times as dear to make.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
