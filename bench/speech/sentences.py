"""The sentences that are spoken and heard: our own, some thirty to forty in each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bench.speech import chinese, english
from bench.speech.comparison import Comparison, compare
from services.speech.engines.base import Language


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` as a client writes it; `reading`, written by hand, as it has to be read aloud; `kind` is what it tries."""

    kind: str
    text: str
    reading: str


@cache
def sentences(language: Language) -> tuple[Sentence, ...]:
    """In the order of the file."""
    lines = files(__package__).joinpath("sentences", f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(Sentence(kind, text, reading[0] if reading else text) for kind, text, *reading in rows)


def misheard(sentence: Sentence, heard: str, language: Language) -> Comparison:
    """In characters of what can be heard."""
    sounds = chinese if language is Language.CHINESE else english
    return compare(sounds.characters(sentence.reading), sounds.readings(heard))
