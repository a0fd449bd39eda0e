"""Between the contract's messages and the domain, both directions side by side."""

from __future__ import annotations

from kit.engines import EngineFact
from kit.errors import Invalid
from kit.rpc.context import Principal
from kit.rpc.times import timestamp_of
from kit.tasks.mapping import message_of
from services.speech.domain.rewriting import Rewrite, checked_rewrite
from services.speech.domain.synthesis import Synthesis, checked
from services.speech.domain.voices import ClonedVoice
from services.speech.engines.base import Gender, Language, LanguageModel, Quality, RewriteMode, Voice
from services.speech.usecases.live_rewriting import Accepted, Ended, Restarted, RewriteEvent
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.engine.v1 import engine_service_pb2
from voxreel.speech.v1 import synthesis_service_pb2, text_service_pb2, voice_service_pb2

GENDERS: dict[Gender, voice_service_pb2.Gender.ValueType] = {
    Gender.FEMALE: voice_service_pb2.GENDER_FEMALE,
    Gender.MALE: voice_service_pb2.GENDER_MALE,
}
_MODES: dict[int, RewriteMode] = {
    text_service_pb2.REWRITE_MODE_AUTO: RewriteMode.AUTO,
    text_service_pb2.REWRITE_MODE_CUSTOM: RewriteMode.CUSTOM,
}
_QUALITIES: dict[str, engine_service_pb2.Quality.ValueType] = {
    "": engine_service_pb2.QUALITY_UNSPECIFIED,
    Quality.NATIVE: engine_service_pb2.QUALITY_NATIVE,
    Quality.APPROXIMATE: engine_service_pb2.QUALITY_APPROXIMATE,
}


def synthesis_from_proto(request: synthesis_service_pb2.CreateSynthesisRequest) -> Synthesis:
    """Raises Invalid when a field breaks a rule."""
    return checked(
        text=request.text,
        voice=request.voice,
        audio_format=request.format if request.HasField("format") else None,
        volume=request.volume if request.HasField("volume") else None,
        speech_rate=request.speech_rate if request.HasField("speech_rate") else None,
        pitch_rate=request.pitch_rate if request.HasField("pitch_rate") else None,
    )


def rewrite_from_proto(request: text_service_pb2.RewriteOrder) -> Rewrite:
    """Raises Invalid when a field breaks a rule."""
    mode = _MODES.get(request.mode)
    if mode is None:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "mode（仿写模式）只能是 auto 或 custom")
    ratio = request.length_ratio if request.HasField("length_ratio") else None
    return checked_rewrite(request.text, mode, custom_instruction=request.custom_instruction, length_ratio=ratio)


def rewrite_event_to_proto(event: RewriteEvent, viewer: Principal) -> text_service_pb2.StreamRewriteResponse:
    match event:
        case Accepted(task):
            return text_service_pb2.StreamRewriteResponse(accepted=message_of(task, viewer))
        case Ended(task):
            return text_service_pb2.StreamRewriteResponse(ended=message_of(task, viewer))
        case Restarted():
            return text_service_pb2.StreamRewriteResponse(restart=text_service_pb2.StreamRewriteResponse.Restart())
        case delta:
            return text_service_pb2.StreamRewriteResponse(delta=delta)


def model_to_proto(model: LanguageModel) -> text_service_pb2.LanguageModel:
    return text_service_pb2.LanguageModel(
        id=model.model_id, display_name=model.display_name, description=model.description
    )


def cloned_voice_to_proto(voice: ClonedVoice, viewer: Principal | None) -> voice_service_pb2.ClonedVoice:
    """The voice as the viewer may see it; None is anybody."""
    message = voice_service_pb2.ClonedVoice(
        id=voice.id,
        prefix=voice.prefix,
        target_model=voice.target_model,
        is_public=voice.is_public,
        quality=_QUALITIES[voice.quality],
        preview_version=voice.preview_version,
        create_time=timestamp_of(voice.create_time),
        update_time=timestamp_of(voice.update_time),
    )
    if viewer is not None and (viewer.is_admin or viewer.user_id == voice.user_id):
        message.owner_user_id = voice.user_id
        message.owner_account = voice.account
        message.sample_file_id = voice.sample_file_id
    return message


def voice_to_proto(voice: Voice) -> voice_service_pb2.PresetVoice:
    others = [language for language in Language if language is not voice.language]
    return voice_service_pb2.PresetVoice(
        name=voice.voice_id,
        display_name=voice.display_name,
        gender=GENDERS[voice.gender],
        languages=[voice.language.value, *(language.value for language in others)],
    )


def engine_to_proto(fact: EngineFact) -> engine_service_pb2.Engine:
    return engine_service_pb2.Engine(
        name=fact.name,
        capability=fact.capability,
        is_available=fact.is_available,
        unavailable_reason=fact.unavailable_reason,
        is_selected=fact.is_selected,
        model=fact.model,
        model_sha256=fact.model_sha256,
        quality=_QUALITIES[fact.quality],
    )
