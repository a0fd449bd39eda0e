"""Between the contract's messages of dubbing and the domain, both directions side by side."""

from __future__ import annotations

from services.speech.domain.dubbing import DubbingOrder, checked_dubbing, checked_emotion, checked_voice
from services.speech.domain.emotion_references import EmotionReference
from voxreel.speech.v1 import dubbing_service_pb2 as messages


def dubbing_from_proto(request: messages.CreateDubbingRequest) -> DubbingOrder:
    """Raises Invalid when a field breaks a rule."""
    voice = checked_voice(
        request.voice_template_id if request.HasField("voice_template_id") else None,
        request.custom_voice_id if request.HasField("custom_voice_id") else None,
    )
    emotion = request.emotion
    return checked_dubbing(
        request.text,
        voice,
        emotion=checked_emotion(
            emotion.method,
            weight=emotion.weight if emotion.HasField("weight") else None,
            reference=emotion.reference if emotion.HasField("reference") else None,
            vector=emotion.vector,
            text=emotion.text if emotion.HasField("text") else None,
        ),
        speed=request.speed if request.HasField("speed") else None,
        volume_scale=request.volume_scale if request.HasField("volume_scale") else None,
        max_tokens=request.max_tokens if request.HasField("max_tokens") else None,
    )


def reference_to_proto(reference: EmotionReference) -> messages.EmotionReference:
    delivery = reference.delivery
    return messages.EmotionReference(
        identifier=reference.identifier,
        size_bytes=reference.size_bytes,
        md5=reference.md5,
        median_hz=delivery.median_hz,
        range_semitones=delivery.range_semitones,
        level_db=delivery.level_db,
        syllables_per_s=delivery.syllables_per_s,
    )
