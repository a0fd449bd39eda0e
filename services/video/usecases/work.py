"""How renders and chroma keys are done: files here, the engine, the video to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kit.engines import result_of
from kit.sources import SourceFiles, scratch_folder
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, Task
from services.video.domain.orders import KeyingOrder, OrderedFile, RenderOrder
from services.video.engines.base import KeyingRequest, ProducedVideo, RenderRequest
from services.video.engines.registry import VideoEngines
from services.video.peers.files import VideoFiles

_FETCHING = "fetching"
_RENDERING = "rendering"
_STORING = "storing"
_TARGET = "result.mp4"


@dataclass(frozen=True, slots=True)
class Workshop:
    """What both handlers work with."""

    engines: VideoEngines
    sources: SourceFiles
    videos: VideoFiles
    timeout_s: float

    async def fetch(self, file: OrderedFile, folder: Path, name: str) -> Path:
        """A source, in the folder."""
        target = folder / f"{name}.{file.extension}"
        await self.sources.fetch(file.file_id, target)
        return target

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
        async with scratch_folder() as folder:
            await report(5, _FETCHING)
            request = RenderRequest(
                video=await workshop.fetch(order.video, folder, "video"),
                audio=await workshop.fetch(order.audio, folder, "audio"),
                ref_image=await workshop.fetch(order.ref_image, folder, "face") if order.ref_image.file_id else None,
                is_video_extended=order.is_video_extended,
                target=folder / _TARGET,
                content_id=task.id,
            )
            await report(10, _RENDERING)
            produced = await result_of(engine.render(request, timeout_s=workshop.timeout_s))
            await report(90, _STORING)
            return await workshop.store(task, request.target, engine=engine.name, produced=produced)


class KeyingHandler:
    """A `TaskHandler`. Running it again for the same task stores no second file."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Fetches, keys, stores. Raises DomainError or RetryableError."""
        workshop, order = self._workshop, KeyingOrder.from_input(task.input)
        engine = workshop.engines.chroma_keyer.require()
        async with scratch_folder() as folder:
            await report(5, _FETCHING)
            request = KeyingRequest(
                video=await workshop.fetch(order.video, folder, "video"),
                background=await workshop.fetch(order.background, folder, "background"),
                color=order.color,
                similarity=order.similarity,
                blend=order.blend,
                target=folder / _TARGET,
                content_id=task.id,
            )
            await report(10, _RENDERING)
            produced = await result_of(engine.key(request, timeout_s=workshop.timeout_s))
            await report(90, _STORING)
            return await workshop.store(task, request.target, engine=engine.name, produced=produced)
