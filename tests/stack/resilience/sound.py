"""A small file that is what it says it is."""

from __future__ import annotations

import io
import wave

_RATE = 16_000


def silence(seconds: float) -> bytes:
    """A WAV of so much silence, mono, 16 bit."""
    target = io.BytesIO()
    with wave.open(target, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(_RATE)
        recording.writeframes(bytes(2 * int(_RATE * seconds)))
    return target.getvalue()
