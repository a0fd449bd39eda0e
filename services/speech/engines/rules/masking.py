"""Puts one opaque character in the place of each stretch that must stay, so that no rule can change it or cut it."""

from __future__ import annotations

import re

from services.speech.text.protected import protected_spans

# More covers than a text of the longest allowed length has characters.
_FIRST = 0xE000
_OPAQUE = re.compile("[\ue000-\uf8ff]+")


class Mask:
    """A text with its protected stretches covered; `text` is what rules work on."""

    def __init__(self, text: str) -> None:
        self._originals: list[str] = []
        # Characters that look like covers are covered themselves.
        spans = protected_spans(_OPAQUE.sub(lambda match: " " * len(match.group()), text))
        pieces, position = [], 0
        for start, end in spans:
            pieces.append(_OPAQUE.sub(lambda match: self._cover(match.group()), text[position:start]))
            pieces.append(self._cover(text[start:end]))
            position = end
        pieces.append(_OPAQUE.sub(lambda match: self._cover(match.group()), text[position:]))
        self.text = "".join(pieces)

    def restore(self, text: str) -> str:
        """The text with what was covered."""
        return _OPAQUE.sub(lambda match: "".join(map(self._uncover, match.group())), text)

    def length(self, text: str) -> int:
        """How long the text is without covers."""
        return len(self.restore(text))

    def _cover(self, original: str) -> str:
        self._originals.append(original)
        return chr(_FIRST + len(self._originals) - 1)

    def _uncover(self, cover: str) -> str:
        return self._originals[ord(cover) - _FIRST]


def is_covered(text: str) -> bool:
    """Whether something that must stay is in the text."""
    return _OPAQUE.search(text) is not None
