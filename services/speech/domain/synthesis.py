"""What a client asks to be spoken, checked before anything is recorded or held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kit.digests import input_digest
from kit.errors import Invalid
from services.speech.engines.base import (
    DEFAULT_VOLUME,
    MAX_RATE,
    MAX_VOLUME,
    MIN_RATE,
    AudioFormat,
    SynthesisRequest,
)
from services.speech.engines.errors import UnsupportedFormat
from services.speech.text.cleaning import clean
from services.speech.text.runs import script_of
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_TEXT_CHARACTERS = 5000


@dataclass(frozen=True, slots=True)
class Synthesis:
    """The input of a synthesis task. Ranges as in the contract: volume 0..100, both rates 0.5..2.0."""

    text: str
    voice: str
    audio_format: AudioFormat
    volume: int
    speech_rate: float
    pitch_rate: float

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> Synthesis:
        """From what `to_input` made of it."""
        return cls(
            text=str(stored["text"]),
            voice=str(stored["voice"]),
            audio_format=AudioFormat(stored["format"]),
            volume=int(stored["volume"]),
            speech_rate=float(stored["speech_rate"]),
            pitch_rate=float(stored["pitch_rate"]),
        )

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner."""
        return {
            "text": self.text,
            "voice": self.voice,
            "format": self.audio_format.value,
            "volume": self.volume,
            "speech_rate": self.speech_rate,
            "pitch_rate": self.pitch_rate,
        }

    def digest(self) -> str:
        """SHA-256 in hex of the whole input: two requests with the same digest ask for the same thing."""
        return input_digest(self.to_input())

    def request(self, content_id: str, voice: str) -> SynthesisRequest:
        """What an engine is asked; `voice` is what it calls the voice."""
        return SynthesisRequest(
            text=self.text,
            voice=voice,
            audio_format=self.audio_format,
            volume=self.volume,
            speech_rate=self.speech_rate,
            pitch_rate=self.pitch_rate,
            content_id=content_id,
        )


def checked(
    *,
    text: str,
    voice: str,
    audio_format: str | None = None,
    volume: int | None = None,
    speech_rate: float | None = None,
    pitch_rate: float | None = None,
) -> Synthesis:
    """The synthesis with its defaults filled in. Raises Invalid with a message for each rule.

    Whether the voice exists depends on the engine: see `check_voice`.
    """
    check_speakable(text, MAX_TEXT_CHARACTERS)
    if not voice.strip():
        raise _field_invalid("请选择音色")
    return Synthesis(
        text=text,
        voice=voice.strip(),
        audio_format=_checked_format(audio_format),
        volume=_checked_volume(volume),
        speech_rate=_checked_rate("speech_rate（语速）", speech_rate),
        pitch_rate=_checked_rate("pitch_rate（音调）", pitch_rate),
    )


def check_voice(voice: str, known: Collection[str]) -> None:
    """Raises Invalid (VOICE_UNKNOWN) when the engine has no such voice."""
    if voice not in known:
        raise voice_unknown(voice)


def voice_unknown(voice: str) -> Invalid:
    """The engine has no such voice, or not for this user."""
    shown = voice[:64]
    return Invalid(reasons.ERROR_REASON_VOICE_UNKNOWN, f"音色不存在: {shown}", metadata={"voice": shown})


def check_speakable(text: str, max_characters: int) -> None:
    """Raises Invalid (FIELD_INVALID, TEXT_NOT_SPEAKABLE) for a text that is too long or has nothing to say."""
    if not text.strip():
        raise _field_invalid("文本不能为空")
    if len(text) > max_characters:
        raise _field_invalid(f"文本最多 {max_characters} 个字符，当前 {len(text)} 个")
    if not any(script_of(character) is not None or character.isdecimal() for character in clean(text)):
        raise Invalid(reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE, "文本中没有可朗读的内容")


def _checked_format(name: str | None) -> AudioFormat:
    if name is None:
        return AudioFormat.WAV
    try:
        return AudioFormat.parse(name)
    except UnsupportedFormat as error:
        allowed = "、".join(AudioFormat)
        raise Invalid(reasons.ERROR_REASON_AUDIO_FORMAT_UNSUPPORTED, f"{error.message_zh}，可选值：{allowed}") from None


def _checked_volume(volume: int | None) -> int:
    value = DEFAULT_VOLUME if volume is None else volume
    if not 0 <= value <= MAX_VOLUME:
        raise _field_invalid(f"volume（音量）必须在 0 到 {MAX_VOLUME} 之间")
    return value


def _checked_rate(label: str, rate: float | None) -> float:
    value = 1.0 if rate is None else rate
    # Also refuses NaN, which compares false with everything.
    if not MIN_RATE <= value <= MAX_RATE:
        raise _field_invalid(f"{label}必须在 {MIN_RATE} 到 {MAX_RATE} 之间")
    return value


def _field_invalid(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
