"""The tables as a `ChromaKeyer`: in worker processes with limits, since they decode files of strangers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kit.content_label import ContentLabel
from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerBroke, WorkerError, WorkerTimedOut
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.video.engines.base import KeyingRequest, OnProgress, ProducedVideo, Quality
from services.video.engines.yuv_tables.settings import ENGINE_NAME, MODEL_NAME

_LIMITS = ProcessLimits(address_space_bytes=6 << 30, file_bytes=8 << 30, is_offline=True)
_LOOK_LIMITS = ProcessLimits(address_space_bytes=2 << 30, file_bytes=0, is_offline=True)
_MAX_WAITING = 8


class YuvTables:
    """Keys in at most `max_workers` processes, and looks for screens in one more, so that no client waits for a render.

    `producer` names the service in the AI-content label.
    """

    def __init__(self, *, producer: str, max_workers: int = 1) -> None:
        self._producer = producer
        self._workers: GuardedPool[None] = GuardedPool(
            _no_tool,
            name=ENGINE_NAME,
            promised=(InputRefused,),
            limits=_LIMITS,
            max_workers=max_workers,
            max_waiting=_MAX_WAITING,
        )
        self._lookers: GuardedPool[None] = GuardedPool(
            _no_tool, name=f"{ENGINE_NAME}-look", promised=(InputRefused,), limits=_LOOK_LIMITS
        )

    @property
    def name(self) -> str:
        return ENGINE_NAME

    async def screen_share(self, video: Path, color: str, *, timeout_s: float) -> float:
        """See `ChromaKeyer.screen_share`."""
        try:
            return await self._lookers.run(_look, video, color, timeout_s=timeout_s)
        except (WorkerBroke, WorkerTimedOut) as error:
            raise InputRefused("视频文件已损坏或过于复杂，无法分析") from error
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error

    async def key(self, request: KeyingRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        """See `ChromaKeyer.key`."""
        try:
            duration_ms = await self._workers.run(
                _replace,
                request,
                ContentLabel(self._producer, request.content_id),
                timeout_s=timeout_s,
                on_progress=lambda progress: on_progress(progress.stage, progress.fraction),
            )
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error
        return ProducedVideo(duration_ms, MODEL_NAME, Quality.NATIVE)

    async def aclose(self) -> None:
        """Stops the workers; what they do ends with EngineBroken."""
        await asyncio.gather(self._workers.aclose(), self._lookers.aclose())


def _no_tool() -> None:
    return None


def _look(_tool: None, video: Path, color: str) -> float:
    from services.video.engines.yuv_tables.pipeline import find_screen

    return find_screen(video, color).share


def _replace(_tool: None, request: KeyingRequest, label: ContentLabel) -> int:
    from services.video.engines.yuv_tables.pipeline import ReplacementOrder, replace_screen

    order = ReplacementOrder(
        video=request.video,
        background=request.background,
        target=request.target,
        color=request.color,
        similarity=request.similarity,
        blend=request.blend,
        label=label,
    )
    return replace_screen(order)
