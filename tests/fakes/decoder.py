"""A decoder without a process of its own."""

from __future__ import annotations

from pathlib import Path

from services.speech.media.decoding import decode
from services.speech.media.sound import Sound, SoundOrder


class FakeDecoder:
    """Decodes for real, where it is called."""

    def __init__(self, order: SoundOrder) -> None:
        self._order = order
        self.is_closed = False

    async def decode(self, source: Path, target: Path, *, timeout_s: float) -> Sound:
        return decode(None, source, target, self._order)

    async def aclose(self) -> None:
        self.is_closed = True
