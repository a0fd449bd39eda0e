"""LinkService of the contract."""

from __future__ import annotations

from kit.rpc.server import Context
from services.video.rpc.mapping import media_to_proto, platform_to_proto
from services.video.usecases.links import Links
from voxreel.video.v1 import link_service_pb2 as messages
from voxreel.video.v1 import link_service_pb2_grpc


class LinkServicer(link_service_pb2_grpc.LinkServiceServicer):
    """Reads links, and tells how the platforms answer."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def ParseLink(self, request: messages.ParseLinkRequest, _context: Context) -> messages.ParseLinkResponse:
        return media_to_proto(await self._links.read(request.text))

    async def ListPlatforms(
        self, _request: messages.ListPlatformsRequest, _context: Context
    ) -> messages.ListPlatformsResponse:
        return messages.ListPlatformsResponse(platforms=[platform_to_proto(each) for each in self._links.platforms()])
