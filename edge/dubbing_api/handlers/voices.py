"""Voices: tags, templates, and what users upload."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from pydantic import ValidationError

from edge.dubbing_api import render_voices
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
from edge.endpoint import Call, NoInput
from edge.errors import shape_error
from edge.transfer.upload import FormShape, UploadTarget, receive_form
from edge.validation import first_problem
from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import custom_voice_service_pb2 as custom_voices
from voxreel.speech.v1 import template_service_pb2 as templates

AUDIO_FIELD = "audio_file"
MAX_SAMPLE_BYTES = 10 * 1024 * 1024
NOT_AUDIO = "File must be an audio file"
# What programs say that do not know.
_ANY_BYTES = "application/octet-stream"
_ORDERS: Mapping[str, templates.TemplateOrder.ValueType] = {
    "sort_order": templates.TEMPLATE_ORDER_UNSPECIFIED,
    "use_count": templates.TEMPLATE_ORDER_USE_COUNT,
    "created_at": templates.TEMPLATE_ORDER_CREATE_TIME,
}
# Speech keeps a copy of what is a voice; nothing else needs to last.
SAMPLE_TARGET = UploadTarget(files.STORAGE_TYPE_TEMP, "", limit_bytes=MAX_SAMPLE_BYTES)


async def tags(given: TagsIn, call: Call) -> list[TagOut]:
    """The tags of a category, or all."""
    request = templates.ListVoiceTagsRequest(category=given.category)
    response = await call.shared.clients.templates.ListVoiceTags(request)
    return [render_voices.tag(each) for each in response.tags]


async def list_templates(given: TemplatesIn, call: Call) -> TemplatesOut:
    """A page of the catalogue."""
    request = templates.ListVoiceTemplatesRequest(
        gender=render_voices.GENDERS.get(given.gender),
        age_range=None if given.age_range is None else render_voices.AGES[given.age_range],
        category=given.category,
        tags=given.tags,
        keyword=given.keyword,
        order=_ORDERS[given.sort_by],
        page_size=given.page_size,
        skip=(given.page - 1) * given.page_size,
    )
    response = await call.shared.clients.templates.ListVoiceTemplates(request)
    times, base_url = call.shared.times, call.shared.public_base_url
    return {
        "items": [render_voices.template(each, times, base_url) for each in response.templates],
        "total": response.total_size,
        "page": given.page,
        "page_size": given.page_size,
        "total_pages": -(-response.total_size // given.page_size),
    }


async def get_template(given: TemplateIdIn, call: Call) -> TemplateOut:
    """A voice of the catalogue."""
    request = templates.GetVoiceTemplateRequest(template_id=given.template_id)
    response = await call.shared.clients.templates.GetVoiceTemplate(request)
    return render_voices.template(response.template, call.shared.times, call.shared.public_base_url)


async def create_custom_voice(_given: NoInput, call: Call, request: web.Request) -> CreatedVoiceOut:
    """Makes a voice of an uploaded recording."""
    shared = call.shared
    shape = FormShape(AUDIO_FIELD, frozenset(CustomVoiceForm.model_fields), check_audio_type)
    form = await receive_form(request, shape, SAMPLE_TARGET, files=shared.clients.files, blobs=shared.blobs)
    texts = _checked(form.texts)
    wanted = custom_voices.CreateCustomVoiceRequest(
        file_id=form.file.id, name=texts.name, description=texts.description
    )
    response = await shared.clients.custom_voices.CreateCustomVoice(wanted)
    voice = render_voices.custom_voice(response.voice, shared.times)
    return {**voice, "is_duplicate": response.is_duplicate}


async def list_custom_voices(_given: NoInput, call: Call) -> list[CustomVoiceOut]:
    """The caller's own voices."""
    response = await call.shared.clients.custom_voices.ListCustomVoices(custom_voices.ListCustomVoicesRequest())
    return [render_voices.custom_voice(voice, call.shared.times) for voice in response.voices]


async def get_custom_voice(given: CustomVoiceIdIn, call: Call) -> CustomVoiceOut:
    """One of the caller's own voices."""
    request = custom_voices.GetCustomVoiceRequest(voice_id=given.voice_id)
    response = await call.shared.clients.custom_voices.GetCustomVoice(request)
    return render_voices.custom_voice(response.voice, call.shared.times)


def check_audio_type(content_type: str) -> None:
    """Raises Invalid for what says it is something else than audio."""
    main_type = content_type.partition("/")[0].strip().lower()
    if main_type not in ("", "audio") and not content_type.lower().startswith(_ANY_BYTES):
        raise Invalid(reasons.ERROR_REASON_AUDIO_INVALID, NOT_AUDIO)


def _checked(texts: Mapping[str, str]) -> CustomVoiceForm:
    try:
        return CustomVoiceForm.model_validate(texts)
    except ValidationError as error:
        raise shape_error(first_problem(error, CustomVoiceForm.words)) from None
