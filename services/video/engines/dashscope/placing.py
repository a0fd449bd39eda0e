"""Placing an order: its files to the provider's storage, the order itself once, its id written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count

from kit.clock import Clock
from kit.concurrency import completed
from kit.engines import EngineBroken, EngineError
from kit.errors import DomainError
from kit.events.backoff import Backoff
from services.video.domain.provider_orders import ProviderOrder
from services.video.engines.base import OnProgress, RenderRequest
from services.video.engines.dashscope.orders import Orders
from services.video.engines.dashscope.provider import OrderInDoubt, OrderTurnedAway, Provider

UPLOADED = 0.15
"""Of the whole render."""

_SOUND_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "aac": "audio/aac"}
_WRITING = Backoff(first_s=0.2, cap_s=5.0)
_WRITING_ATTEMPTS = 8


class OrderPlacer:
    """Places orders that are admitted. One that is turned away is brought again after pauses."""

    def __init__(self, provider: Provider, orders: Orders, clock: Clock, pauses: Backoff) -> None:
        self._provider = provider
        self._orders = orders
        self._clock = clock
        self._pauses = pauses

    async def place(self, request: RenderRequest, *, timeout_s: float, on_progress: OnProgress) -> ProviderOrder:
        """The order as written down. `timeout_s` is for a provider that turns it away. Raises EngineError."""
        give_up_at = self._clock.monotonic() + timeout_s
        files = await self._uploaded(request, on_progress)
        for attempt in count(1):
            if not await self._orders.send(request.content_id):
                raise EngineBroken("another attempt has the order in hand, or its task has ended")
            try:
                # Whoever leaves now must leave an order behind that can be found.
                return await completed(self._send(request, files))
            except OrderTurnedAway as error:
                if self._clock.monotonic() > give_up_at:
                    raise EngineBroken(f"turned away: {error}") from error
            await asyncio.sleep(self._pauses.delay_s(attempt))
        raise AssertionError("the time ends the loop")

    async def _uploaded(self, request: RenderRequest, on_progress: OnProgress) -> dict[str, str]:
        on_progress("uploading", 0.0)
        sound_type = _SOUND_TYPES[request.audio.suffix.lstrip(".")]
        files = {"video_url": await self._provider.upload(request.video, "video/mp4")}
        files["audio_url"] = await self._provider.upload(request.audio, sound_type)
        if request.ref_image is not None:
            files["ref_image_url"] = await self._provider.upload(request.ref_image, "application/octet-stream")
        on_progress("ordering", UPLOADED)
        return files

    async def _send(self, request: RenderRequest, files: Mapping[str, str]) -> ProviderOrder:
        task_id = request.content_id
        try:
            provider_id = await self._provider.order(files, is_video_extended=request.is_video_extended)
        except OrderInDoubt:
            raise
        except (OrderTurnedAway, EngineError):
            await self._orders.take_back(task_id)
            raise
        order = await self._written(task_id, provider_id)
        if order is None:
            await self._provider.let_go(provider_id)
            raise EngineBroken("the order was given up while it was placed")
        return order

    async def _written(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        """Writes down where the order is. A database that is away for a moment must not cost the order."""
        for attempt in range(1, _WRITING_ATTEMPTS):
            try:
                return await self._orders.place(task_id, provider_id)
            except DomainError:
                await asyncio.sleep(_WRITING.delay_s(attempt))
        return await self._orders.place(task_id, provider_id)
