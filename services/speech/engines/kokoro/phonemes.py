"""Normalised text to Kokoro's phoneme symbols, in one string whatever languages it has; English through hibari."""

import re
from pathlib import Path

from hibari.g2p import G2P

from services.speech.engines.jieba_cache import keep_jieba_cache_in
from services.speech.engines.kokoro.mandarin import MandarinPhonemizer
from services.speech.text.runs import Script, split_runs

_SPACES = re.compile(r" {2,}")
# Between Han characters a lone A is the letter, not the article; hibari takes phonemes in this notation.
_LONE_A = re.compile(r"(?<![A-Za-z])A(?![A-Za-z])")
_LETTER_A = "[A](/ˈA/)"
_BREAKS = "!?.,;:—… "


class Phonemizer:
    """Both grapheme-to-phoneme models. Loading takes about two seconds and 250 MB; build one per process."""

    def __init__(self, cache_dir: Path) -> None:
        keep_jieba_cache_in(cache_dir)
        self._mandarin = MandarinPhonemizer()
        self._english = G2P()

    def phonemize(self, spoken: str) -> str:
        """Phonemes of text that `services.speech.text.normalization` has made speakable.

        Empty if it has no letter. Runs of both languages are joined into one string, so that the model speaks a
        mixed sentence in one breath.
        """
        runs = split_runs(spoken)
        is_mixed = any(run.script is Script.HAN for run in runs)
        parts = []
        for run in runs:
            if run.script is Script.HAN:
                parts.append(self._mandarin.phonemize(run.text))
            else:
                text = _LONE_A.sub(_LETTER_A, run.text) if is_mixed else run.text
                parts.append(str(self._english(text)))
        return _SPACES.sub(" ", " ".join(parts)).strip()


def split_phonemes(phonemes: str, limit: int) -> list[str]:
    """`phonemes` in pieces of at most `limit` symbols, cut after the last punctuation mark or space that
    fits.
    """
    pieces = []
    while len(phonemes) > limit:
        cut = max(phonemes.rfind(mark, limit // 2, limit) for mark in _BREAKS) + 1 or limit
        pieces.append(phonemes[:cut])
        phonemes = phonemes[cut:]
    return [piece for piece in (*pieces, phonemes) if piece.strip(_BREAKS)]
