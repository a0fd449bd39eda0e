"""What a client asks to be dubbed, checked before anything is recorded or held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from kit.digests import input_digest
from kit.errors import Invalid
from services.speech.domain.history import EmotionControl
from services.speech.domain.speakers import CustomChoice, TemplateChoice, VoiceChoice
from services.speech.domain.synthesis import check_speakable
from services.speech.emotion.lexicon import emotion_of_text
from services.speech.emotion.vector import MAX_WEIGHT, Emotion, EmotionVector, effective, is_emotion_vector
from services.speech.engines.base import MAX_RATE, MIN_RATE
from services.speech.text.tokens import count_tokens
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_TEXT_CHARACTERS: Final = 500
DEFAULT_MAX_TOKENS: Final = 120
_TOKENS = (20, 200)
_SCALES = (0.1, 2.0)
_MAX_REFERENCE_CHARACTERS = 256


class EmotionMethod(IntEnum):
    """Where the emotion comes from. The values are those of the contract."""

    SPEAKER = 0
    REFERENCE = 1
    VECTOR = 2
    TEXT = 3


_CONTROLS: Mapping[EmotionMethod, EmotionControl] = MappingProxyType(
    {
        EmotionMethod.SPEAKER: EmotionControl.SAME_AS_REFERENCE,
        EmotionMethod.REFERENCE: EmotionControl.EMOTION_REFERENCE,
        EmotionMethod.VECTOR: EmotionControl.VECTOR,
        EmotionMethod.TEXT: EmotionControl.TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class EmotionOrder:
    """The emotion that is asked for. What its method does not use is None.

    `vector` is as the client gave it, `reference` the identifier of a recording.
    """

    method: EmotionMethod
    weight: float
    reference: str | None = None
    vector: EmotionVector | None = None
    text: str | None = None

    @property
    def control(self) -> EmotionControl:
        """How the history calls the method."""
        return _CONTROLS[self.method]

    @property
    def effective_vector(self) -> EmotionVector | None:
        """What the vector or the text comes to under the rule; None for the other methods."""
        if self.vector is not None:
            return effective(self.vector, self.weight)
        return None if self.text is None else effective(emotion_of_text(self.text), self.weight)


@dataclass(frozen=True, slots=True)
class DubbingOrder:
    """The input of a dubbing task. `speed` 0.5..2.0, `volume_scale` 0.1..2.0, `max_tokens` 20..200 of the price."""

    text: str
    voice: VoiceChoice
    emotion: EmotionOrder
    speed: float
    volume_scale: float
    max_tokens: int

    @property
    def price(self) -> int:
        """In credits: one for each token."""
        return count_tokens(self.text)

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> DubbingOrder:
        """From what `to_input` made of it."""
        vector = stored["emo_vec"]
        template_id = stored["voice_template_id"]
        return cls(
            text=str(stored["text"]),
            voice=CustomChoice(int(stored["custom_voice_id"]))
            if template_id is None
            else TemplateChoice(int(template_id)),
            emotion=EmotionOrder(
                method=EmotionMethod(int(stored["emo_control_method"])),
                weight=float(stored["emo_weight"]),
                reference=stored["emo_audio"],
                vector=None if vector is None else tuple(map(float, vector)),
                text=stored["emo_text"],
            ),
            speed=float(stored["speed"]),
            volume_scale=float(stored["volume_scale"]),
            max_tokens=int(stored["max_text_tokens_per_sentence"]),
        )

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner, in the contract's names."""
        emotion, voice = self.emotion, self.voice
        return {
            "text": self.text,
            "voice_template_id": voice.template_id if isinstance(voice, TemplateChoice) else None,
            "custom_voice_id": voice.custom_voice_id if isinstance(voice, CustomChoice) else None,
            "emo_control_method": int(emotion.method),
            "emo_weight": emotion.weight,
            "emo_audio": emotion.reference,
            "emo_vec": None if emotion.vector is None else list(emotion.vector),
            "emo_text": emotion.text,
            "speed": self.speed,
            "volume_scale": self.volume_scale,
            "max_text_tokens_per_sentence": self.max_tokens,
        }

    def digest(self) -> str:
        """SHA-256 in hex of the whole input: two requests with the same digest ask for the same thing."""
        return input_digest(self.to_input())


def is_dubbing(stored: Mapping[str, Any]) -> bool:
    """Whether the input of a task is that of a dubbing."""
    return "emo_control_method" in stored


def checked_voice(template_id: int | None, custom_voice_id: int | None) -> VoiceChoice:
    """Raises Invalid unless exactly one is given."""
    if template_id is not None and custom_voice_id is None:
        return TemplateChoice(template_id)
    if custom_voice_id is not None and template_id is None:
        return CustomChoice(custom_voice_id)
    raise _field_invalid("Must specify either voice_template_id or custom_voice_id")


def checked_emotion(
    method: int,
    *,
    weight: float | None = None,
    reference: str | None = None,
    vector: Sequence[float] = (),
    text: str | None = None,
) -> EmotionOrder:
    """The emotion with its default filled in, without what its method does not use. Raises Invalid."""
    share = 1.0 if weight is None else weight
    _check_range("emo_weight", share, (0.0, MAX_WEIGHT))
    match method:
        case EmotionMethod.SPEAKER:
            return EmotionOrder(EmotionMethod.SPEAKER, share)
        case EmotionMethod.REFERENCE:
            if not reference:
                raise _field_invalid("emo_audio is required when emo_control_method=1")
            if len(reference) > _MAX_REFERENCE_CHARACTERS or not reference.isprintable():
                raise _field_invalid("emo_audio 不正确")
            return EmotionOrder(EmotionMethod.REFERENCE, share, reference=reference)
        case EmotionMethod.VECTOR:
            if not vector:
                raise _field_invalid("emo_vec is required when emo_control_method=2")
            if not is_emotion_vector(vector):
                raise _field_invalid(f"emo_vec must be {len(Emotion)} numbers between 0 and 1")
            return EmotionOrder(EmotionMethod.VECTOR, share, vector=tuple(vector))
        case EmotionMethod.TEXT:
            if text is None or not text.strip():
                raise _field_invalid("emo_text is required when emo_control_method=3")
            if len(text) > MAX_TEXT_CHARACTERS:
                raise _field_invalid(f"emo_text 最多 {MAX_TEXT_CHARACTERS} 个字符，当前 {len(text)} 个")
            return EmotionOrder(EmotionMethod.TEXT, share, text=text)
        case _:
            raise _field_invalid("emo_control_method 只能是 0、1、2 或 3")


def checked_dubbing(
    text: str,
    voice: VoiceChoice,
    *,
    emotion: EmotionOrder,
    speed: float | None = None,
    volume_scale: float | None = None,
    max_tokens: int | None = None,
) -> DubbingOrder:
    """The order with its defaults filled in. Raises Invalid with a message for each rule."""
    check_speakable(text, MAX_TEXT_CHARACTERS)
    order = DubbingOrder(
        text=text,
        voice=voice,
        emotion=emotion,
        speed=1.0 if speed is None else speed,
        volume_scale=1.0 if volume_scale is None else volume_scale,
        max_tokens=DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
    )
    _check_range("speed", order.speed, (MIN_RATE, MAX_RATE))
    _check_range("volume_scale", order.volume_scale, _SCALES)
    _check_range("max_text_tokens_per_sentence", order.max_tokens, _TOKENS)
    return order


def _check_range(field: str, value: float, bounds: tuple[float, float]) -> None:
    lowest, highest = bounds
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise _field_invalid(f"{field} 必须在 {lowest} 到 {highest} 之间")


def _field_invalid(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
