"""Single voices."""

from __future__ import annotations

from typing import Any

from edge.aggregates.tasks import WAIT_S
from edge.endpoint import Access, Endpoint, RateClass, Source
from edge.platform_api.handlers import voices
from edge.platform_api.models.voices import CloneIn, CloneOut, VoiceDeletedOut, VoiceIdIn, VoiceOut, VoiceUpdateIn

TAG = "语音"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/tts/voice/clone",
        access=Access.USER,
        input=CloneIn,
        source=Source.BODY,
        handler=voices.clone,
        output=CloneOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
        timeout_s=WAIT_S + 15.0,
    ),
    Endpoint(
        method="GET",
        path="/api/tts/voice/{voice_id}",
        access=Access.PUBLIC,
        input=VoiceIdIn,
        handler=voices.get_voice,
        output=VoiceOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/tts/voice/{voice_id}",
        access=Access.ADMIN,
        input=VoiceUpdateIn,
        source=Source.BODY,
        handler=voices.update_voice,
        output=CloneOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
        timeout_s=WAIT_S + 15.0,
    ),
    Endpoint(
        method="DELETE",
        path="/api/tts/voice/{voice_id}",
        access=Access.ADMIN,
        input=VoiceIdIn,
        handler=voices.delete_voice,
        output=VoiceDeletedOut,
        tag=TAG,
    ),
)
