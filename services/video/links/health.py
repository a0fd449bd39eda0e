"""How platforms answer: counted for administrators, and a reason to leave one alone for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kit.clock import Clock
from services.video.domain.links import LinkedMedia, Outcome, PlatformState, Reading
from services.video.links.platform import Platform

READ: Final = "read"
# Asking on would prolong it.
LIMITED_PAUSE_S: Final = 60.0
UNREACHABLE_PAUSE_S: Final = 30.0
UNREACHABLE_TIMES: Final = 5


@dataclass(slots=True)
class _Record:
    counts: Counter[str] = field(default_factory=Counter)
    last_outcome: str = ""
    last_read_at: datetime | None = None
    changed_ways: set[str] = field(default_factory=set)
    unreachable_in_a_row: int = 0
    paused_until: float = 0.0


class PlatformHealth:
    """What became of readings since the process started."""

    def __init__(self, platforms: Mapping[str, Platform], clock: Clock) -> None:
        self._platforms = platforms
        self._clock = clock
        self._records = {key: _Record() for key in platforms}

    def note_way(self, platform: Platform, way: str, reading: Reading) -> None:
        """What came of one way. Those that found nothing where it used to be are shown until they find it again."""
        ways = self._records[platform.key].changed_ways
        if isinstance(reading, LinkedMedia):
            ways.discard(way)
        elif reading.outcome is Outcome.CHANGED:
            ways.add(way)

    def note(self, platform: Platform, reading: Reading) -> None:
        """What came of a whole reading."""
        record = self._records[platform.key]
        outcome = READ if isinstance(reading, LinkedMedia) else reading.outcome.value
        record.counts[outcome] += 1
        record.last_outcome = outcome
        if outcome == READ:
            record.last_read_at = self._clock.now()
        record.unreachable_in_a_row = record.unreachable_in_a_row + 1 if outcome == Outcome.UNREACHABLE else 0
        record.paused_until = max(record.paused_until, self._clock.monotonic() + _pause_s(record))

    def paused_s(self, platform: Platform) -> float:
        """For how long the platform should not be asked."""
        return max(0.0, self._records[platform.key].paused_until - self._clock.monotonic())

    def states(self) -> Iterable[PlatformState]:
        """Every platform as it is now."""
        for key, record in self._records.items():
            platform = self._platforms[key]
            yield PlatformState(
                key=key,
                label=platform.label,
                last_outcome=record.last_outcome,
                counts=dict(record.counts),
                last_read_at=record.last_read_at,
                changed_ways=tuple(sorted(record.changed_ways)),
                paused_s=self.paused_s(platform),
            )


def _pause_s(record: _Record) -> float:
    if record.last_outcome == Outcome.LIMITED:
        return LIMITED_PAUSE_S
    return UNREACHABLE_PAUSE_S if record.unreachable_in_a_row >= UNREACHABLE_TIMES else 0.0
