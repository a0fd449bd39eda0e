"""Between the contract's messages and the domain, both directions side by side."""

from __future__ import annotations

from services.speech.domain.engines import EngineFact
from services.speech.domain.synthesis import Synthesis, checked
from services.speech.engines.base import Gender, Language, Quality, Voice
from voxreel.engine.v1 import engine_service_pb2
from voxreel.speech.v1 import synthesis_service_pb2, voice_service_pb2

_GENDERS: dict[Gender, voice_service_pb2.Gender.ValueType] = {
    Gender.FEMALE: voice_service_pb2.GENDER_FEMALE,
    Gender.MALE: voice_service_pb2.GENDER_MALE,
}
_QUALITIES: dict[Quality | None, engine_service_pb2.Quality.ValueType] = {
    None: engine_service_pb2.QUALITY_UNSPECIFIED,
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


def voice_to_proto(voice: Voice) -> voice_service_pb2.PresetVoice:
    others = [language for language in Language if language is not voice.language]
    return voice_service_pb2.PresetVoice(
        name=voice.voice_id,
        display_name=voice.display_name,
        gender=_GENDERS[voice.gender],
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
