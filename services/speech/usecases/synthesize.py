"""How a synthesis task is done: text to audio in a worker process, audio to files."""

from __future__ import annotations

import structlog

from kit.errors import DomainError, Invalid, Reason, Unavailable
from kit.tasks.handlers import Progress, RetryableError
from kit.tasks.model import FOR_OWNER, JsonObject, JsonValue, Task
from services.speech.domain.synthesis import Synthesis
from services.speech.engines.base import SpeechSynthesizer, SpokenSegment, SpokenWord, SynthesizedAudio
from services.speech.engines.errors import (
    EngineUnavailable,
    NothingToSpeak,
    SynthesisError,
    TextRefused,
    UnknownVoice,
    UnsupportedFormat,
)
from services.speech.peers.files import AudioFiles
from services.speech.usecases.speaking_voices import SpeakingVoices
from voxreel.common.v1 import error_reason_pb2 as reasons

_SYNTHESIZING = "synthesizing"
_STORING = "storing"

_log = structlog.get_logger(__name__)

_REASONS: tuple[tuple[type[SynthesisError], Reason], ...] = (
    (UnknownVoice, reasons.ERROR_REASON_VOICE_UNKNOWN),
    (UnsupportedFormat, reasons.ERROR_REASON_AUDIO_FORMAT_UNSUPPORTED),
    (NothingToSpeak, reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE),
    (TextRefused, reasons.ERROR_REASON_PROVIDER_REFUSED),
    (SynthesisError, reasons.ERROR_REASON_FIELD_INVALID),
)


class SynthesisHandler:
    """A `TaskHandler`. Running it again for the same task stores no second file."""

    def __init__(
        self, synthesizer: SpeechSynthesizer, files: AudioFiles, voices: SpeakingVoices, *, timeout_s: float
    ) -> None:
        self._synthesizer = synthesizer
        self._voices = voices
        self._files = files
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Speaks, stores, answers the task's output. Raises DomainError or RetryableError."""
        synthesis = Synthesis.from_input(task.input)
        await report(10, _SYNTHESIZING)
        audio = await self._speak(synthesis, task.id)
        await report(90, _STORING)
        name = f"{synthesis.voice}.{audio.audio_format.value}"
        stored = await self._files.store(task.id, task.user_id, name=name, data=audio.data)
        return {
            "file_id": stored.file_id,
            "file_size_bytes": stored.size_bytes,
            "format": audio.audio_format.value,
            "duration_ms": audio.duration_ms,
            "sample_rate": audio.sample_rate,
            "engine": audio.engine,
            "model": audio.model,
            "quality": audio.quality.value,
            "sentences": [_times(segment) for segment in audio.segments],
            FOR_OWNER: {"sentences": [_sentence(segment) for segment in audio.segments]},
        }

    async def _speak(self, synthesis: Synthesis, task_id: str) -> SynthesizedAudio:
        voice = await self._voices.prepare(synthesis.voice)
        try:
            request = synthesis.request(task_id, voice.name)
            return await self._synthesizer.synthesize(request, timeout_s=self._timeout_s)
        except SynthesisError as error:
            raise outcome_of_synthesis(error) from error


def _sentence(segment: SpokenSegment) -> dict[str, JsonValue]:
    """Without a key for words where the engine has no times of them."""
    told: dict[str, JsonValue] = {**_times(segment), "text": segment.text}
    if segment.words:
        told["words"] = [{**_times(word), "text": word.text} for word in segment.words]
    return told


def _times(part: SpokenSegment | SpokenWord) -> dict[str, JsonValue]:
    return {"begin_ms": part.start_ms, "end_ms": part.end_ms}


def outcome_of_synthesis(error: SynthesisError) -> DomainError | RetryableError:
    """What a handler raises for what its engine raised."""
    if error.retryable:
        return RetryableError(str(error))
    if isinstance(error, EngineUnavailable):
        _log.error("engine_unavailable", engine=error.engine, detail=error.detail)
        return Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, error.message_zh)
    reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
    return Invalid(reason, error.message_zh)
