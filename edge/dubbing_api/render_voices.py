"""From messages of speech to the dubbing dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from edge.display import DisplayTimes
from edge.dubbing_api.models.history import DubbingOut
from edge.dubbing_api.models.voices import CustomVoiceOut, TagOut, TemplateOut
from voxreel.speech.v1 import custom_voice_service_pb2 as custom_voices
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.speech.v1 import template_service_pb2 as templates
from voxreel.speech.v1 import voice_service_pb2 as voices

GENDERS: Mapping[str, voices.Gender.ValueType] = MappingProxyType(
    {"male": voices.GENDER_MALE, "female": voices.GENDER_FEMALE}
)
AGES: Mapping[str, templates.AgeRange.ValueType] = MappingProxyType(
    {
        "child": templates.AGE_RANGE_CHILD,
        "youth": templates.AGE_RANGE_YOUTH,
        "middle": templates.AGE_RANGE_MIDDLE,
        "old": templates.AGE_RANGE_OLD,
    }
)
_GENDER_NAMES = {number: name for name, number in GENDERS.items()}
_AGE_NAMES = {number: name for name, number in AGES.items()}
_CONTROLS: Mapping[int, str] = MappingProxyType(
    {
        history.EMOTION_CONTROL_SAME_AS_REFERENCE: "same_as_reference",
        history.EMOTION_CONTROL_EMOTION_REFERENCE: "emotion_reference",
        history.EMOTION_CONTROL_VECTOR: "vector_control",
        history.EMOTION_CONTROL_TEXT: "text_control",
    }
)


def public_url(file: str, base_url: str) -> str:
    """Where a file, named by its id or by a link to it, can be fetched; relative without a `base_url`."""
    return f"{base_url}/api/files/download/{quote(file)}"


def seconds(duration_ms: int) -> float:
    """To two places."""
    return round(duration_ms / 1000, 2)


def tag(found: templates.VoiceTag) -> TagOut:
    """A tag with its count."""
    return {
        "id": found.id,
        "name": found.name,
        "category": found.category,
        "description": found.description,
        "use_count": found.use_count,
        "sort_order": found.sort_order,
    }


def template(found: templates.VoiceTemplate, times: DisplayTimes, base_url: str) -> TemplateOut:
    """A voice of the catalogue."""
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "avatar_url": public_url(found.avatar_file_id, base_url),
        "gender": _GENDER_NAMES[found.gender],
        "age_range": _AGE_NAMES[found.age_range],
        "tags": list(found.tags),
        "category": found.category,
        "style": found.style,
        "duration": seconds(found.sample_duration_ms),
        "sort_order": found.sort_order,
        "use_count": found.use_count,
        "created_at": times.stamp(found.create_time),
        "sample_url": public_url(found.sample_file_id, base_url),
    }


def custom_voice(voice: custom_voices.CustomVoice, times: DisplayTimes) -> CustomVoiceOut:
    """A voice its owner uploaded."""
    return {
        "id": voice.id,
        "name": voice.name,
        "description": voice.description,
        "file_size": voice.size_bytes,
        "duration": seconds(voice.duration_ms),
        "created_at": times.stamp(voice.create_time),
        "is_learnt": voice.is_learnt,
    }


def dubbing(piece: history.Dubbing, times: DisplayTimes) -> DubbingOut:
    """A piece of the history."""
    is_template = piece.WhichOneof("voice") == "voice_template_id"
    return {
        "id": piece.id,
        "text_content": piece.text,
        "voice_template_id": piece.voice_template_id if is_template else None,
        "custom_voice_id": None if is_template else piece.custom_voice_id,
        "emotion_control_type": _CONTROLS[piece.emotion_control],
        "file_size": piece.size_bytes,
        "duration": seconds(piece.duration_ms),
        "credits_used": piece.credits_used,
        "created_at": times.stamp(piece.create_time),
    }
