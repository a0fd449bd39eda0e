"""Counting how far what was heard is from what should have been: the least edits, over every way to read a figure.

Both sides are reduced to what can be heard. A recogniser writes `25` for 二十五 and for 二五, `2024` for twenty twenty
four and for two thousand twenty four; so what it heard becomes a row of pieces, each with all its readings, and the
distance is that of the best choice among them. What should have been heard is written by hand in words, so a figure
that is read aloud wrongly counts as an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Tokens: TypeAlias = tuple[str, ...]
"""Characters, or words."""

Readings: TypeAlias = Sequence[tuple[Tokens, ...]]
"""Pieces of what was heard, in order, each with every way it may have sounded."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The least edits between what was expected and heard, and how many tokens were expected."""

    errors: int
    length: int


def compare(expected: Tokens, heard: Readings) -> Comparison:
    return Comparison(edit_distance(expected, heard), len(expected))


def edit_distance(expected: Tokens, heard: Readings) -> int:
    """The Levenshtein distance to the nearest of all texts that `heard` may stand for."""
    row = list(range(len(expected) + 1))
    for readings in heard:
        rows = [_after(row, expected, reading) for reading in readings]
        row = [min(costs) for costs in zip(*rows, strict=True)]
    return row[-1]


def _after(row: list[int], expected: Tokens, tokens: Iterable[str]) -> list[int]:
    """The costs of aligning every beginning of `expected`, once `tokens` have been heard, too."""
    for token in tokens:
        following = [row[0] + 1]
        for index, wanted in enumerate(expected):
            following.append(min(row[index + 1] + 1, following[index] + 1, row[index] + (token != wanted)))
        row = following
    return row


def rate(comparisons: Iterable[Comparison]) -> float:
    """Errors over all of them together."""
    counted = list(comparisons)
    return sum(each.errors for each in counted) / max(1, sum(each.length for each in counted))
