"""Speech with emotions, and recordings that show them."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.endpoints.voices import UPLOAD_WORDS
from edge.dubbing_api.handlers import synthesis
from edge.dubbing_api.handlers.voices import AUDIO_FIELD
from edge.dubbing_api.models.synthesis import EmotionReferenceOut, GenerateIn, GenerateOut
from edge.endpoint import Access, Dialect, Endpoint, NoInput, RateClass, Source, StreamingEndpoint, Success

TAG = "配音 · 语音合成"

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/synthesis/generate",
        access=Access.USER,
        input=GenerateIn,
        source=Source.BODY,
        handler=synthesis.generate,
        output=GenerateOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        is_keyed=True,
        is_attended=True,
        # The audio is in the reply: longer than the wait for it, and the calls around it.
        timeout_s=synthesis.LONGEST_WAIT_S + 15,
        refusals=(402, 404, 503),
        rate=RateClass.TASK,
        success=Success(201),
    ),
    StreamingEndpoint(
        method="POST",
        path="/api/synthesis/upload-emotion-reference",
        access=Access.USER,
        input=NoInput,
        handler=synthesis.upload_emotion_reference,
        output=EmotionReferenceOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        multipart_field=AUDIO_FIELD,
        success=Success(message="Emotion reference uploaded successfully"),
        words=UPLOAD_WORDS,
    ),
)
