"""How something was said, in figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a recording was spoken.

    median_hz: its pitch, 0 when there is no voice in it. range_semitones: between the 10th and the 90th percentile of
    pitch. level_db: of its speech without pauses, in dBFS. syllables_per_s: while it speaks.
    """

    median_hz: float
    range_semitones: float
    level_db: float
    syllables_per_s: float
