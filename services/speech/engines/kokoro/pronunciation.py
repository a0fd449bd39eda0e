"""Phonemes that know which characters and words they are of."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import pairwise

_SPACE = " "


@dataclass(frozen=True, slots=True)
class Pronounced:
    """The phonemes of a Han character or an English word; `text` is empty for what stands between words. `goes_on`
    tells of a character that belongs to the word of the one before it."""

    text: str
    phonemes: str
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """What the acoustic model is to say: `symbols`, and for each of them its number among `parts`."""

    parts: tuple[Pronounced, ...]
    symbols: str
    owners: tuple[int, ...]


def pronunciation_of(parts: Iterable[Pronounced], known: Container[str]) -> Pronunciation:
    """`parts` in one string, without spaces around it, with single ones in it, and of `known` symbols only."""
    kept = tuple(parts)
    pairs = [(symbol, number) for number, part in enumerate(kept) for symbol in part.phonemes]
    spaced = [pair for before, pair in pairwise([(_SPACE, -1), *pairs]) if not before[0] == pair[0] == _SPACE]
    if spaced and spaced[-1][0] == _SPACE:
        spaced.pop()
    said = [(symbol, number) for symbol, number in spaced if symbol in known]
    return Pronunciation(kept, "".join(symbol for symbol, _ in said), tuple(number for _, number in said))
