"""Voices: tags, templates, and what users upload."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from edge.dubbing_api.handlers import voices
from edge.dubbing_api.models.voices import (
    CreatedVoiceOut,
    CustomVoiceForm,
    CustomVoiceIdIn,
    CustomVoiceOut,
    TagOut,
    TagsIn,
    TemplateIdIn,
    TemplateOut,
    TemplatesIn,
    TemplatesOut,
)
from edge.endpoint import Access, Dialect, Endpoint, NoInput, StreamingEndpoint, Success
from voxreel.common.v1 import error_reason_pb2 as reasons

TAG = "配音 · 音色管理"
UPLOAD_WORDS = MappingProxyType(
    {
        reasons.ERROR_REASON_FILE_TOO_LARGE: "File size exceeds maximum allowed size ({limit_bytes} bytes)",
        reasons.ERROR_REASON_FILE_CONTENT_MISMATCH: voices.NOT_AUDIO,
    }
)

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/voices/tags",
        access=Access.USER,
        input=TagsIn,
        handler=voices.tags,
        output=list[TagOut],
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/voices/templates",
        access=Access.USER,
        input=TemplatesIn,
        handler=voices.list_templates,
        output=TemplatesOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/voices/templates/{template_id}",
        access=Access.USER,
        input=TemplateIdIn,
        handler=voices.get_template,
        output=TemplateOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    StreamingEndpoint(
        method="POST",
        path="/api/voices/custom",
        access=Access.USER,
        input=NoInput,
        handler=voices.create_custom_voice,
        output=CreatedVoiceOut,
        tag=TAG,
        multipart_field=voices.AUDIO_FIELD,
        multipart_texts=CustomVoiceForm,
        dialect=Dialect.DUBBING,
        success=Success(201),
        words=UPLOAD_WORDS,
    ),
    Endpoint(
        method="GET",
        path="/api/voices/custom",
        access=Access.USER,
        input=NoInput,
        handler=voices.list_custom_voices,
        output=list[CustomVoiceOut],
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/voices/custom/{voice_id}",
        access=Access.USER,
        input=CustomVoiceIdIn,
        handler=voices.get_custom_voice,
        output=CustomVoiceOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
)
