"""TemplateService of the contract."""

from __future__ import annotations

from kit.rpc.server import Context
from services.speech.rpc.pages import check_page
from services.speech.rpc.template_mapping import (
    filter_from_proto,
    order_from_proto,
    tag_to_proto,
    template_to_proto,
)
from services.speech.usecases.templates import TemplateCatalogue, TemplateFiles
from voxreel.speech.v1 import template_service_pb2 as messages
from voxreel.speech.v1 import template_service_pb2_grpc


class TemplateServicer(template_service_pb2_grpc.TemplateServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, catalogue: TemplateCatalogue, files: TemplateFiles) -> None:
        self._catalogue = catalogue
        self._files = files

    async def ListVoiceTags(
        self, request: messages.ListVoiceTagsRequest, _context: Context
    ) -> messages.ListVoiceTagsResponse:
        tags = await self._catalogue.tags(request.category if request.HasField("category") else None)
        return messages.ListVoiceTagsResponse(tags=map(tag_to_proto, tags))

    async def ListVoiceTemplates(
        self, request: messages.ListVoiceTemplatesRequest, _context: Context
    ) -> messages.ListVoiceTemplatesResponse:
        check_page(request.page_size, request.skip)
        found, total = await self._catalogue.page(
            filter_from_proto(request),
            order_from_proto(request.order),
            size=request.page_size,
            skip=request.skip,
        )
        return messages.ListVoiceTemplatesResponse(templates=map(template_to_proto, found), total_size=total)

    async def GetVoiceTemplate(
        self, request: messages.GetVoiceTemplateRequest, _context: Context
    ) -> messages.GetVoiceTemplateResponse:
        found = await self._catalogue.get(request.template_id)
        return messages.GetVoiceTemplateResponse(template=template_to_proto(found))

    async def PrepareTemplateFile(
        self, request: messages.PrepareTemplateFileRequest, _context: Context
    ) -> messages.PrepareTemplateFileResponse:
        return messages.PrepareTemplateFileResponse(file_id=await self._files.prepare(request.file_id))
