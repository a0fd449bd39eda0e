"""Decoded sound on its way from one process to another: a file of bare samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_TYPE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class SoundOrder:
    """What to make of a file: mono samples at `sample_rate` Hz, from media of at most `max_duration_s`."""

    sample_rate: int = 16_000
    max_duration_s: float = 3600.0

    @property
    def max_samples(self) -> int:
        """The most samples of the result."""
        return int(self.max_duration_s * self.sample_rate)


@dataclass(frozen=True, slots=True)
class Sound:
    """A file of mono float32 samples, little-endian, full scale at 1.0, on the time line of the media it is from.

    `source_rate`: samples a second of the media.
    """

    path: Path
    sample_rate: int
    sample_count: int
    source_rate: int

    @property
    def duration_ms(self) -> int:
        return round(self.sample_count * 1000 / self.sample_rate)

    def samples(self) -> NDArray[np.float32]:
        """The samples, mapped into memory, not to be written to."""
        return np.memmap(self.path, SAMPLE_TYPE, mode="r")
