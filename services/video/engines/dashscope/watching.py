"""Watching an order until the provider is done with it."""

from __future__ import annotations

import asyncio
import math
from itertools import count

from kit.clock import Clock
from kit.engines import EngineGaveUp
from kit.events.backoff import Backoff
from services.video.domain.provider_orders import ProviderOrder
from services.video.engines.base import OnProgress
from services.video.engines.dashscope.placing import UPLOADED
from services.video.engines.dashscope.provider import Phase, Provider, Sight
from voxreel.common.v1 import error_reason_pb2 as reasons

MADE = 0.9
"""Of the whole render."""

_TOO_LATE = "口型合成服务未在时限内完成，请稍后重试"
# An order may be unknown for a moment where it is asked for first.
_UNKNOWN_LOOKS = 3
# The provider tells no progress: what is left shrinks by two thirds in this time.
_USUAL_S = 120.0


class OrderWatcher:
    """Looks at orders, less often the longer they take."""

    def __init__(self, provider: Provider, clock: Clock, pauses: Backoff) -> None:
        self._provider = provider
        self._clock = clock
        self._pauses = pauses

    async def end_of(self, order: ProviderOrder, *, timeout_s: float, on_progress: OnProgress) -> Sight:
        """The order when it has ended. `timeout_s` is from when it was sent; an order that has ended by then is always
        found. Raises EngineGaveUp (PROVIDER_TIMED_OUT)."""
        unknown = 0
        for look in count(1):
            sight = await self._provider.look(order.provider_id)
            if sight is not None:
                unknown = unknown + 1 if sight.phase is Phase.UNKNOWN else 0
                if sight.phase.is_end and unknown in (0, _UNKNOWN_LOOKS):
                    return sight
                on_progress(*self._progress(order, sight))
            if self._age_s(order) > timeout_s:
                detail = f"not done within {timeout_s:g} s"
                raise EngineGaveUp(_TOO_LATE, detail, reasons.ERROR_REASON_PROVIDER_TIMED_OUT)
            await asyncio.sleep(self._pauses.delay_s(look))
        raise AssertionError("the time ends the loop")

    def _progress(self, order: ProviderOrder, sight: Sight) -> tuple[str, float]:
        if sight.phase is Phase.PENDING:
            return "provider_pending", UPLOADED
        behind = 1.0 - math.exp(-self._age_s(order) / _USUAL_S)
        return "provider_running", UPLOADED + (MADE - UPLOADED) * behind

    def _age_s(self, order: ProviderOrder) -> float:
        assert order.sent_time is not None, "the provider has it"
        return max((self._clock.now() - order.sent_time).total_seconds(), 0.0)
