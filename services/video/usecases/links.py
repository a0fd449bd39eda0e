"""What lies behind a shared link."""

from __future__ import annotations

from kit.engines import EngineSlot
from kit.errors import RateLimited
from services.video.domain.links import LinkedMedia, LinkFailure, PlatformState, error_of, link_in
from services.video.engines.base import LinkReader
from voxreel.common.v1 import error_reason_pb2 as reasons

_TIMEOUT_S = 10.0
# Each of them may wait as long as the slowest platform.
_MAX_AT_ONCE = 64


class Links:
    """Reads links."""

    def __init__(self, slot: EngineSlot[LinkReader]) -> None:
        self._slot = slot
        self._running = 0

    async def read(self, text: str) -> LinkedMedia:
        """The media behind the first link of a text.

        Raises Invalid (LINK_MISSING, LINK_UNSUPPORTED, LINK_KIND_UNSUPPORTED), NotFound (LINK_GONE), Forbidden
        (LINK_GATED), RateLimited (QUEUE_FULL), Unavailable (LINK_PLATFORM_LIMITED, LINK_PAGE_CHANGED,
        LINK_PLATFORM_UNREACHABLE, ENGINE_UNAVAILABLE).
        """
        link = link_in(text)
        reader = self._slot.require()
        if self._running >= _MAX_AT_ONCE:
            message = "解析请求过多，请稍后重试"
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, message, retry_after_s=1.0)
        self._running += 1
        try:
            reading = await reader.read(link, timeout_s=_TIMEOUT_S)
        finally:
            self._running -= 1
        if isinstance(reading, LinkFailure):
            raise error_of(reading)
        return reading

    def platforms(self) -> tuple[PlatformState, ...]:
        """How each platform answered, also when the reader cannot work now; none without a reader."""
        reader = self._slot.engine
        return reader.platforms() if reader is not None else ()
