"""Readings of the last minutes: who shares a link, shares it with many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from services.video.domain.links import LinkedMedia, Outcome, Reading

# The addresses of media are good for longer than this on every platform.
MEDIA_S: Final = 300.0
GONE_S: Final = 60.0
CAPACITY: Final = 1024


class ReadingMemory:
    """Keeps media and posts that are gone, each for a time; forgets what was kept first when it is full."""

    def __init__(self, monotonic: Callable[[], float], *, capacity: int = CAPACITY) -> None:
        self._monotonic = monotonic
        self._capacity = capacity
        self._kept: OrderedDict[Hashable, tuple[float, Reading]] = OrderedDict()

    def find(self, key: Hashable) -> Reading | None:
        """What was read of it not long ago."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        until, reading = kept
        if self._monotonic() < until:
            return reading
        del self._kept[key]
        return None

    def keep(self, key: Hashable, reading: Reading) -> None:
        """Keeps what is worth it."""
        if isinstance(reading, LinkedMedia):
            lifetime_s = MEDIA_S
        elif reading.outcome is Outcome.GONE:
            lifetime_s = GONE_S
        else:
            return
        self._kept[key] = (self._monotonic() + lifetime_s, reading)
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
