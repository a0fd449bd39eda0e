"""Recordings for the engines to take."""

from __future__ import annotations

import wave
from pathlib import Path


def write_wav(path: Path, *, duration_s: float, rate: int = 16_000) -> Path:
    """A file of very quiet sound, never the same for two durations."""
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(b"\x01\x00" * round(duration_s * rate))
    return path
