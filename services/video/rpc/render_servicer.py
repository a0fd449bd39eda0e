"""RenderService of the contract."""

from __future__ import annotations

from kit.rpc.server import Context
from services.video.domain.limits import FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO
from services.video.rpc.mapping import limits_to_proto
from voxreel.video.v1 import render_service_pb2 as messages
from voxreel.video.v1 import render_service_pb2_grpc


class RenderServicer(render_service_pb2_grpc.RenderServiceServicer):
    """Tells what a render accepts."""

    async def GetRenderLimits(
        self, _request: messages.GetRenderLimitsRequest, _context: Context
    ) -> messages.GetRenderLimitsResponse:
        return messages.GetRenderLimitsResponse(
            video=limits_to_proto(FACE_VIDEO),
            audio=limits_to_proto(VOICE_AUDIO),
            reference_image=limits_to_proto(REFERENCE_IMAGE),
        )
