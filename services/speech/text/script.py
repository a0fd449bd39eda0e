"""The whole way from a client's text to sentences an engine can pronounce."""

from dataclasses import dataclass

from services.speech.text.cleaning import clean
from services.speech.text.normalization import Reading, normalize
from services.speech.text.sentences import split_sentences


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is what was written (cleaned), `spoken` what is pronounced: letters, Han characters and
    punctuation.
    """

    text: str
    spoken: str


def speakable_sentences(text: str, max_weight: float, *, default_reading: Reading) -> list[Sentence]:
    """The sentences of `text` that hold something to say, in order, each within `max_weight` estimated
    tokens.

    `default_reading` decides how numbers are read in a sentence that has no letters to tell.
    """
    sentences = (
        Sentence(piece.strip(), normalize(piece, default_reading=default_reading))
        for piece in split_sentences(clean(text), max_weight)
    )
    return [sentence for sentence in sentences if sentence.spoken]
