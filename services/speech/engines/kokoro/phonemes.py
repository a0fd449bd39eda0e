"""Normalised text to Kokoro's phoneme symbols, whatever languages it has; English through hibari."""

import re
from collections.abc import Iterator
from pathlib import Path

from hibari.g2p import G2P
from hibari.g2p.normalize import normalize

from services.speech.engines.jieba_cache import keep_jieba_cache_in
from services.speech.engines.kokoro.mandarin import MandarinPhonemizer
from services.speech.engines.kokoro.pronunciation import Pronounced
from services.speech.text.runs import Script, split_runs

# Between Han characters a lone A is the letter, not the article; hibari takes phonemes in this notation.
_LONE_A = re.compile(r"(?<![A-Za-z])A(?![A-Za-z])")
_LETTER_A = "[A](/ˈA/)"
# In the notation of Mandarin a bare p, t or k is a b, d or g; a voice that speaks both languages in one breath takes
# them so.
_PLOSIVE = re.compile(r"(?<!s)([ptk])(?=[ˈˌ]?[iIeɛæaAɑɔoOʊuUʌəɚɜɝɪᵻɐWYQɹlj])")
_BREAKS = "!?.,;:—… "


class Phonemizer:
    """Both grapheme-to-phoneme models. Loading takes about two seconds and 250 MB; build one per process."""

    def __init__(self, cache_dir: Path) -> None:
        keep_jieba_cache_in(cache_dir)
        self._mandarin = MandarinPhonemizer()
        self._english = G2P()

    def pronounce(self, spoken: str) -> Iterator[Pronounced]:
        """Text that `services.speech.text.normalization` has made speakable, part by part, nothing if it has no letter.

        Runs of both languages follow each other, so that the model speaks a mixed sentence in one breath.
        """
        runs = split_runs(spoken)
        is_mixed = any(run.script is Script.HAN for run in runs)
        for run in runs:
            if run.script is Script.HAN:
                yield from self._mandarin.pronounce(run.text)
            elif is_mixed:
                yield from map(_amid_mandarin, self._pronounce_english(_LONE_A.sub(_LETTER_A, run.text)))
            else:
                yield from self._pronounce_english(run.text)
            yield Pronounced("", " ")

    def _pronounce_english(self, text: str) -> Iterator[Pronounced]:
        for token in self._english.phonemize_tokens(self._english.tokenize(normalize(text))):
            word = str(token.text) if any(map(str.isalnum, token.text)) else ""
            yield Pronounced(word, str(token.phonemes or ""))
            if token.whitespace:
                yield Pronounced("", " ")


def _amid_mandarin(part: Pronounced) -> Pronounced:
    """An English word in one piece, its plosives aspirated; every letter of one that is spelt is stressed alike."""
    if not part.text:
        return part
    phonemes = _PLOSIVE.sub(r"\1ʰ", part.phonemes.replace(" ", ""))
    return Pronounced(part.text, phonemes.replace("ˌ", "ˈ") if part.text.isupper() else phonemes)


def split_phonemes(phonemes: str, limit: int) -> list[slice]:
    """Where `phonemes` is cut into pieces of at most `limit` symbols, after the last punctuation mark or space that
    fits; pieces without anything to say are left out.
    """
    pieces = []
    start = 0
    while len(phonemes) - start > limit:
        cut = max(phonemes.rfind(mark, start + limit // 2, start + limit) for mark in _BREAKS) + 1 or start + limit
        pieces.append(slice(start, cut))
        start = cut
    pieces.append(slice(start, len(phonemes)))
    return [piece for piece in pieces if phonemes[piece].strip(_BREAKS)]
