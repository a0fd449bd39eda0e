"""Splits normalised text into stretches of one language."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Script(StrEnum):
    HAN = "han"
    LATIN = "latin"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one script, with the punctuation that follows it."""

    script: Script
    text: str


def script_of(char: str) -> Script | None:
    """None for whatever belongs to no script: punctuation, digits, spaces."""
    if "\u3400" <= char <= "\u9fff":
        return Script.HAN
    return Script.LATIN if char.isascii() and char.isalpha() else None


def split_runs(text: str) -> list[Run]:
    """The runs of `text` in order; joined they are `text` again. Empty if no character belongs to a script."""
    starts = list(_run_starts(text))
    if not starts:
        return []
    # Whatever precedes the first letter (an opening quote) belongs to the first run.
    bounds = [0, *(position for position, _ in starts[1:]), len(text)]
    return [Run(script, text[start:end]) for (_, script), (start, end) in zip(starts, pairwise(bounds), strict=True)]


def _run_starts(text: str) -> Iterator[tuple[int, Script]]:
    current: Script | None = None
    for position, char in enumerate(text):
        script = script_of(char)
        if script is not None and script is not current:
            current = script
            yield position, script
