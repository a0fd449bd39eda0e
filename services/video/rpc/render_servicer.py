"""RenderService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.tasks.mapping import message_of
from services.video.domain.limits import FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO
from services.video.rpc.mapping import limits_to_proto
from services.video.usecases.acceptance import CreateVideo, Source, WantedKeying, WantedRender
from voxreel.video.v1 import render_service_pb2 as messages
from voxreel.video.v1 import render_service_pb2_grpc


class RenderServicer(render_service_pb2_grpc.RenderServiceServicer):
    """Tells what a render accepts, and accepts."""

    def __init__(self, videos: CreateVideo) -> None:
        self._videos = videos

    async def GetRenderLimits(
        self, _request: messages.GetRenderLimitsRequest, _context: Context
    ) -> messages.GetRenderLimitsResponse:
        return messages.GetRenderLimitsResponse(
            video=limits_to_proto(FACE_VIDEO),
            audio=limits_to_proto(VOICE_AUDIO),
            reference_image=limits_to_proto(REFERENCE_IMAGE),
        )

    async def CreateRender(
        self, request: messages.CreateRenderRequest, _context: Context
    ) -> messages.CreateRenderResponse:
        principal = require_principal()
        wanted = WantedRender(
            video=Source(request.video_file_id, request.video_url),
            audio=Source(request.audio_file_id, request.audio_url),
            ref_image=_reference(request),
            is_video_extended=request.is_video_extended,
        )
        task = await self._videos.render(principal.user_id, request.request_id, wanted)
        return messages.CreateRenderResponse(task=message_of(task, principal))

    async def CreateChromaKey(
        self, request: messages.CreateChromaKeyRequest, _context: Context
    ) -> messages.CreateChromaKeyResponse:
        principal = require_principal()
        wanted = WantedKeying(
            video=Source(request.video_file_id, request.video_url),
            background=Source(request.background_file_id, request.background_url),
            color=request.color,
            similarity=request.similarity,
            blend=request.blend,
        )
        task = await self._videos.key(principal.user_id, request.request_id, wanted)
        return messages.CreateChromaKeyResponse(task=message_of(task, principal))


def _reference(request: messages.CreateRenderRequest) -> Source | None:
    is_given = request.HasField("ref_image_file_id") or request.ref_image_url
    return Source(request.ref_image_file_id, request.ref_image_url) if is_given else None
