"""A text in lines and sentences, whose marks and spaces stay where they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.speech.text.sentences import split_sentences


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence between what stands around it. `is_kept`: something in it must stay in the text."""

    lead: str
    body: str
    tail: str
    is_kept: bool = True

    @property
    def text(self) -> str:
        return f"{self.lead}{self.body}{self.tail}"


def sentences_of(text: str) -> list[Sentence]:
    """The sentences in order; joined they are the text again. One without letters has an empty body."""
    return [_sentence(piece) for piece in split_sentences(text, math.inf)]


def _sentence(piece: str) -> Sentence:
    body = piece.strip()
    if not any(char.isalnum() for char in body):
        return Sentence(piece, "", "")
    start = piece.index(body)
    return Sentence(piece[:start], body, piece[start + len(body) :])
