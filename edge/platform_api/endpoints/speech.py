"""Synthesis and voices."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, RateClass, Source
from edge.platform_api.handlers import tts
from edge.platform_api.models.files import FileIdIn
from edge.platform_api.models.speech import AudioInfoOut, SynthesizeIn, SynthesizeOut, VoicesIn, VoicesOut

TAG = "语音"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/tts/synthesize",
        access=Access.USER,
        input=SynthesizeIn,
        source=Source.BODY,
        handler=tts.synthesize,
        output=SynthesizeOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/api/tts/voices",
        access=Access.PUBLIC,
        input=VoicesIn,
        handler=tts.list_voices,
        output=VoicesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/tts/info/{file_id}",
        access=Access.USER,
        input=FileIdIn,
        handler=tts.audio_info,
        output=AudioInfoOut,
        tag=TAG,
    ),
)
