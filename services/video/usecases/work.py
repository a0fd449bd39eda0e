"""How renders and chroma keys are done: files here, the engine, the video to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kit.engines import result_of
from kit.sources import scratch_folder
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, Task
from services.video.domain.limits import FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO, MediaLimits
from services.video.domain.orders import KeyingOrder, OrderedFile, RenderOrder
from services.video.engines.base import Admission, KeyingRequest, ProducedVideo, RenderRequest
from services.video.engines.registry import VideoEngines
from services.video.peers.files import VideoFiles
from services.video.usecases.progress import reporting
from services.video.usecases.sources import OrderedFiles

_FETCHING = "fetching"
_RENDERING = "rendering"
_STORING = "storing"
_TARGET = "result.mp4"
_FETCH_TIMEOUT_S = 120.0
_ENGINE_FROM, _ENGINE_TO = 10, 90


@dataclass(frozen=True, slots=True)
class Workshop:
    """What both handlers work with."""

    engines: VideoEngines
    files: OrderedFiles
    videos: VideoFiles
    timeout_s: float

    async def fetch(self, file: OrderedFile, target: Path, *, label: str, limits: MediaLimits) -> None:
        """Copies a source to the attempt's folder."""
        await self.files.copy(file, target, label=label, limits=limits, timeout_s=_FETCH_TIMEOUT_S)

    async def store(self, task: Task, path: Path, *, engine: str, produced: ProducedVideo) -> JsonObject:
        """Stores the result; answers the task's output."""
        stored = await self.videos.store(task.id, task.user_id, name=path.name, path=path)
        return {
            "file_id": stored.file_id,
            "file_size_bytes": stored.size_bytes,
            "duration_ms": produced.duration_ms,
            "engine": engine,
            "model": produced.model,
            "quality": produced.quality.value,
        }


class RenderHandler:
    """A `TaskHandler`. Running it again for the same task stores no second file."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Fetches, renders, stores. Raises DomainError or RetryableError."""
        workshop, order = self._workshop, RenderOrder.from_input(task.input)
        engine = workshop.engines.lip_syncer.require()
        admission = await result_of(engine.admit(task.id))
        async with scratch_folder() as folder:
            request = _request(task.id, order, folder)
            if admission is Admission.NEW:
                await report(5, _FETCHING)
                await self._fetch(order, request)
            await report(_ENGINE_FROM, _RENDERING)
            produced = await reporting(
                lambda tell: result_of(engine.render(request, timeout_s=workshop.timeout_s, on_progress=tell)),
                report,
                first=_ENGINE_FROM,
                last=_ENGINE_TO,
            )
            await report(_ENGINE_TO, _STORING)
            return await workshop.store(task, request.target, engine=engine.name, produced=produced)

    async def _fetch(self, order: RenderOrder, request: RenderRequest) -> None:
        fetch = self._workshop.fetch
        await fetch(order.video, request.video, label="视频", limits=FACE_VIDEO)
        await fetch(order.audio, request.audio, label="音频", limits=VOICE_AUDIO)
        if request.ref_image is not None:
            await fetch(order.ref_image, request.ref_image, label="参考图片", limits=REFERENCE_IMAGE)


def _request(task_id: str, order: RenderOrder, folder: Path) -> RenderRequest:
    return RenderRequest(
        video=_place(order.video, folder / "video"),
        audio=_place(order.audio, folder / "audio"),
        ref_image=_place(order.ref_image, folder / "face") if order.ref_image.is_given else None,
        is_video_extended=order.is_video_extended,
        target=folder / _TARGET,
        content_id=task_id,
    )


def _place(file: OrderedFile, stem: Path) -> Path:
    """Where a source is put, with its extension."""
    return stem.with_suffix(f".{file.extension}")


class KeyingHandler:
    """A `TaskHandler`. Running it again for the same task stores no second file."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Fetches, keys, stores. Raises DomainError or RetryableError."""
        workshop, order = self._workshop, KeyingOrder.from_input(task.input)
        engine = workshop.engines.chroma_keyer.require()
        async with scratch_folder() as folder:
            request = KeyingRequest(
                video=_place(order.video, folder / "video"),
                background=_place(order.background, folder / "background"),
                color=order.color,
                similarity=order.similarity,
                blend=order.blend,
                target=folder / _TARGET,
                content_id=task.id,
            )
            await report(5, _FETCHING)
            await workshop.fetch(order.video, request.video, label="视频", limits=FACE_VIDEO)
            await workshop.fetch(order.background, request.background, label="背景", limits=FACE_VIDEO)
            await report(_ENGINE_FROM, _RENDERING)
            produced = await reporting(
                lambda tell: result_of(engine.key(request, timeout_s=workshop.timeout_s, on_progress=tell)),
                report,
                first=_ENGINE_FROM,
                last=_ENGINE_TO,
            )
            await report(_ENGINE_TO, _STORING)
            return await workshop.store(task, request.target, engine=engine.name, produced=produced)
