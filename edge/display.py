"""Times as clients see them: without zone, to the second, in the display zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

_LENGTH = len("YYYY-MM-DDTHH:MM:SS")


class DisplayTimes:
    """Renders moments in one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def stamp(self, moment: Timestamp) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of a timestamp that is set."""
        return datetime.fromtimestamp(moment.seconds, self._zone).isoformat()[:_LENGTH]

    def aware(self, moment: datetime) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of an aware time."""
        return moment.astimezone(self._zone).isoformat()[:_LENGTH]
