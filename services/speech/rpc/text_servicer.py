"""TextService of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from kit.engines import EngineSlot
from kit.errors import Unavailable
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.speech.engines.base import TextRewriter
from services.speech.rpc.mapping import model_to_proto, rewrite_event_to_proto, rewrite_from_proto
from services.speech.usecases.live_rewriting import LiveRewrites
from voxreel.speech.v1 import text_service_pb2 as messages
from voxreel.speech.v1 import text_service_pb2_grpc


class TextServicer(text_service_pb2_grpc.TextServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, live: LiveRewrites, slot: EngineSlot[TextRewriter]) -> None:
        self._live = live
        self._slot = slot

    async def StreamRewrite(
        self, request: messages.StreamRewriteRequest, _context: Context
    ) -> AsyncIterator[messages.StreamRewriteResponse]:
        principal = require_principal()
        rewrite = rewrite_from_proto(request.rewrite)
        events = self._live.stream(principal.user_id, request.rewrite.request_id, rewrite)
        async with aclosing(events):
            async for event in events:
                yield rewrite_event_to_proto(event, principal)

    async def ListLanguageModels(
        self, _request: messages.ListLanguageModelsRequest, _context: Context
    ) -> messages.ListLanguageModelsResponse:
        try:
            models = self._slot.require().models()
        except Unavailable:
            models = ()
        return messages.ListLanguageModelsResponse(models=map(model_to_proto, models))
