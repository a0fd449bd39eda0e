"""The mesh warp as a `LipSyncer`: in worker processes with limits, since it decodes files of strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.content_label import ContentLabel
from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.video.domain.limits import FACE_VIDEO, MediaLimits
from services.video.engines.base import Admission, OnProgress, ProducedVideo, Quality, RenderRequest
from services.video.engines.mesh_warp.settings import ENGINE_NAME, MODEL_NAME, MeshWarpFactory

if TYPE_CHECKING:
    from services.video.engines.mesh_warp.faces.tracker import FaceModels

_LIMITS = ProcessLimits(address_space_bytes=6 << 30, file_bytes=8 << 30, is_offline=True)
_MAX_WAITING = 8


class MeshWarp:
    """Renders in at most `max_workers` processes. `producer` names the service in the AI-content label."""

    def __init__(self, factory: MeshWarpFactory, *, producer: str, max_workers: int = 1) -> None:
        self._producer = producer
        self._workers: GuardedPool[FaceModels] = GuardedPool(
            factory,
            name=ENGINE_NAME,
            promised=(InputRefused,),
            limits=_LIMITS,
            max_workers=max_workers,
            max_waiting=_MAX_WAITING,
        )

    @property
    def name(self) -> str:
        return ENGINE_NAME

    @property
    def face_video(self) -> MediaLimits:
        """See `LipSyncer.face_video`. Pictures of any size."""
        return FACE_VIDEO

    async def admit(self, _content_id: str) -> Admission:
        """See `LipSyncer.admit`. Whoever comes waits for a worker in `render`."""
        return Admission.NEW

    async def render(self, request: RenderRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        """See `LipSyncer.render`."""
        try:
            duration_ms = await self._workers.run(
                _render,
                request,
                ContentLabel(self._producer, request.content_id),
                timeout_s=timeout_s,
                on_progress=lambda progress: on_progress(progress.stage, progress.fraction),
            )
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error
        return ProducedVideo(duration_ms, MODEL_NAME, Quality.APPROXIMATE)

    async def aclose(self) -> None:
        """Stops the workers; running and waiting renders end with EngineBroken."""
        await self._workers.aclose()


def _render(models: FaceModels, request: RenderRequest, label: ContentLabel) -> int:
    from services.video.engines.mesh_warp.pipeline import SpeakingOrder, speak

    order = SpeakingOrder(
        video=request.video,
        voice=request.audio,
        ref_image=request.ref_image,
        target=request.target,
        scratch=request.target.parent,
        is_looped=request.is_video_extended,
        label=label,
    )
    return speak(models, order)
