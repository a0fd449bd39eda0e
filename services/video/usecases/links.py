"""What lies behind a shared link."""

from __future__ import annotations

from kit.engines import EngineBroken, EngineSlot, InputRefused
from kit.errors import Unavailable
from services.video.domain.orders import field_invalid, host_of, link_in, link_unsupported
from services.video.engines.base import LinkedMedia, LinkReader
from voxreel.common.v1 import error_reason_pb2 as reasons

_TIMEOUT_S = 10.0


class Links:
    """Reads links."""

    def __init__(self, slot: EngineSlot[LinkReader]) -> None:
        self._slot = slot

    async def read(self, text: str) -> LinkedMedia:
        """The media behind the first link of a text.

        Raises Invalid (FIELD_INVALID, LINK_UNSUPPORTED), Unavailable (ENGINE_UNAVAILABLE).
        """
        link = link_in(text)
        reader = self._slot.require()
        if not reader.knows(host_of(link)):
            raise link_unsupported()
        try:
            return await reader.read(link, timeout_s=_TIMEOUT_S)
        except InputRefused as error:
            raise field_invalid(error.message_zh) from error
        except EngineBroken as error:
            message = "视频解析失败，请稍后重试"
            raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, message) from error
