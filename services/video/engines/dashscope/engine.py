"""VideoRetalk as a `LipSyncer`.

Each step of an order is written down before the next is taken, so that whoever goes on after a crash finds the order
where it is, and none is placed twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from kit.clock import Clock
from kit.content_label import ContentLabel
from kit.dashscope.clients import ENGINE_NAME
from kit.engines import EngineBroken, EngineFull, EngineGaveUp, InputRefused
from kit.events.backoff import Backoff
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from kit.net.errors import FetchBroken, FetchError, FetchRefused, FetchTooLarge
from kit.net.messages import Downloaded, FetchLimits
from services.video.domain.limits import FACE_VIDEO
from services.video.domain.provider_orders import OrderState, Standing
from services.video.engines.base import Admission, OnProgress, ProducedVideo, Quality, RenderRequest
from services.video.engines.dashscope.finishing import finish
from services.video.engines.dashscope.orders import Orders
from services.video.engines.dashscope.placing import OrderPlacer
from services.video.engines.dashscope.provider import OrderInDoubt, Phase, Provider, Sight
from services.video.engines.dashscope.refusals import raise_order_failed
from services.video.engines.dashscope.settings import MODEL_NAME, DashScopeSettings
from services.video.engines.dashscope.watching import MADE, OrderWatcher
from voxreel.common.v1 import error_reason_pb2 as reasons

_LOST = "口型合成结果已失效，请重新提交"
_CANCELED = "口型合成任务已被服务方取消，请重新提交"
_LIMITS = ProcessLimits(address_space_bytes=2 << 30, file_bytes=2 << 30, is_offline=True)
# Of the video, in pixels, as VideoRetalk is documented.
_SIDES = (640, 2048)
_FINISHING_S = 120.0
_MAX_RESULT_BYTES = 1 << 30
_GONE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_MAX_TURN_S = 60.0


class WebFiles(Protocol):
    """Files in the public web."""

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        """Writes a new file. Raises FetchError."""
        ...

    async def aclose(self) -> None: ...


class DashScopeLipSyncer:
    """A `LipSyncer`. `clock` is the one that orders are written by; `web` is closed with the engine; `producer` names
    the service in the AI-content label."""

    name = ENGINE_NAME
    face_video = replace(FACE_VIDEO, sides=_SIDES)

    def __init__(
        self, settings: DashScopeSettings, orders: Orders, *, web: WebFiles, clock: Clock, producer: str
    ) -> None:
        self._settings = settings
        self._orders = orders
        self._web = web
        self._producer = producer
        self._provider = Provider(settings)
        pauses = Backoff(settings.poll_s, settings.max_poll_s)
        self._placer = OrderPlacer(self._provider, orders, clock, pauses)
        self._watcher = OrderWatcher(self._provider, clock, pauses)
        self._workers: GuardedPool[None] = GuardedPool(
            _no_tool, name=ENGINE_NAME, promised=(InputRefused,), limits=_LIMITS
        )

    async def admit(self, content_id: str) -> Admission:
        """See `LipSyncer.admit`."""
        standing = await self._standing(content_id)
        return Admission.NEW if standing.order.state is OrderState.ADMITTED else Admission.ORDERED

    async def render(self, request: RenderRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        """See `LipSyncer.render`. `timeout_s` is from the order on, over all attempts."""
        order = (await self._standing(request.content_id)).order
        if order.state is OrderState.SENT:
            raise OrderInDoubt("an earlier attempt ended while it placed the order")
        if order.state is OrderState.ADMITTED:
            order = await self._placer.place(request, timeout_s=timeout_s, on_progress=on_progress)
        sight = await self._watcher.end_of(order, timeout_s=timeout_s, on_progress=on_progress)
        await self._orders.end(request.content_id)
        url = await self._result_url(request.content_id, sight)
        on_progress("downloading", MADE)
        return ProducedVideo(await self._bring_home(url, request), MODEL_NAME, Quality.NATIVE)

    async def let_go(self, provider_id: str) -> bool:
        """Cancels an order that nobody wants any more; True when the provider is done with it. Raises EngineGaveUp for
        a refused account."""
        return await self._provider.let_go(provider_id)

    async def aclose(self) -> None:
        """Ends what runs here; orders go on at the provider, for whoever asks for them next."""
        await asyncio.gather(self._workers.aclose(), self._provider.aclose(), self._web.aclose())

    async def _standing(self, content_id: str) -> Standing:
        standing = await self._orders.enter(content_id)
        if standing.order.state is OrderState.WAITING:
            raise EngineFull(min(self._settings.turn_s * standing.ahead, _MAX_TURN_S))
        return standing

    async def _result_url(self, content_id: str, sight: Sight) -> str:
        """Where the result of an order is that has ended."""
        match sight.phase:
            case Phase.SUCCEEDED if sight.video_url:
                return sight.video_url
            case Phase.FAILED:
                try:
                    raise_order_failed(sight.code, sight.message)
                except EngineBroken:
                    # The next attempt places another.
                    await self._orders.forget(content_id)
                    raise
            case Phase.CANCELED:
                raise _lost(_CANCELED, "order canceled")
            case _:
                raise _lost(_LOST, f"order ended as {sight.phase.name}")

    async def _bring_home(self, url: str, request: RenderRequest) -> int:
        """Writes the target; answers how long it is, in milliseconds."""
        made = request.target.with_name("made.mp4")
        limits = FetchLimits(total_s=self._settings.transfer_s, max_bytes=_MAX_RESULT_BYTES)
        try:
            await self._web.download(url, made, limits=limits)
            label = ContentLabel(self._producer, request.content_id)
            return await self._workers.run(finish, made, request.target, label, timeout_s=_FINISHING_S)
        except FetchError as error:
            if isinstance(error, FetchRefused | FetchTooLarge) or _is_gone(error):
                raise _lost(_LOST, f"result not to be had: {error}") from error
            raise EngineBroken(f"result not downloaded: {error}") from error
        except InputRefused as error:
            raise EngineBroken("the result is not the video it should be") from error
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error


def _lost(message_zh: str, detail: str) -> EngineGaveUp:
    return EngineGaveUp(message_zh, detail, reasons.ERROR_REASON_PROVIDER_RESULT_LOST)


def _is_gone(error: FetchError) -> bool:
    return isinstance(error, FetchBroken) and error.status in _GONE


def _no_tool() -> None:
    return None
