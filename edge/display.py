"""Times as clients see them: without zone, to the second, in the display zone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

_LENGTH = len("YYYY-MM-DDTHH:MM:SS")
_REMEMBERED = 4096


class DisplayTimes:
    """Renders moments in one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        # The same users, files and tasks are shown again and again.
        self._stamp_of = lru_cache(maxsize=_REMEMBERED)(self._render)

    def stamp(self, moment: Timestamp) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of a timestamp that is set."""
        return self._stamp_of(moment.seconds)

    def aware(self, moment: datetime) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of an aware time."""
        return moment.astimezone(self._zone).isoformat()[:_LENGTH]

    def hour_start(self, moment: datetime) -> datetime:
        """When the hour of an aware time began in the zone, in UTC."""
        return moment.astimezone(self._zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)

    def _render(self, seconds: int) -> str:
        return datetime.fromtimestamp(seconds, self._zone).isoformat()[:_LENGTH]
