"""Dubbing: how it is accepted and how it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit.clock import Clock
from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.sources import SourceFiles, extension_of, scratch_folder
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Done, Progress
from kit.tasks.model import JsonObject, NewTask, Task, TaskKind
from services.speech.catalogue.samples import sample_of
from services.speech.catalogue.templates import find_template
from services.speech.domain.dubbing import DubbingOrder, EmotionOrder, is_dubbing
from services.speech.domain.history import NewDubbing
from services.speech.domain.speakers import Speaker, TemplateChoice, VoiceChoice
from services.speech.emotion.vector import saturated
from services.speech.engines.base import SpokenSegment, SpokenWord, SynthesizedAudio
from services.speech.engines.dubbing import (
    Dubber,
    DubbingRequest,
    Emotion,
    ReferenceEmotion,
    SpeakerEmotion,
    VectorEmotion,
)
from services.speech.engines.errors import SynthesisError
from services.speech.peers.files import AudioFiles, StoredAudio
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.emotion_references import EmotionReferences
from services.speech.usecases.history import add_dubbing
from services.speech.usecases.speakers import Speakers
from services.speech.usecases.synthesize import SynthesisHandler, outcome_of_synthesis
from services.speech.usecases.voice_previews import VoicePreviews

FEATURE = "voice_synthesis"
_DESCRIPTION = "语音生成"
_PREPARING = "preparing"
_SYNTHESIZING = "synthesizing"
_STORING = "storing"


class CreateDubbing:
    """Accepts dubbings."""

    def __init__(
        self,
        acceptance: TaskAcceptance,
        slot: EngineSlot[Dubber],
        *,
        speakers: Speakers,
        references: EmotionReferences,
        ids: IdSource,
    ) -> None:
        self._acceptance = acceptance
        self._slot = slot
        self._speakers = speakers
        self._references = references
        self._ids = ids

    async def create(self, user_id: int, request_id: str, order: DubbingOrder) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, NotFound (VOICE_TEMPLATE_NOT_FOUND, CUSTOM_VOICE_NOT_FOUND,
        EMOTION_REFERENCE_NOT_FOUND), Invalid (VOICE_UNKNOWN), Unavailable (ENGINE_UNAVAILABLE).
        """
        await self._speakers.resolve(user_id, order.voice)
        if order.emotion.reference is not None:
            await self._references.get(user_id, order.emotion.reference)
        new = NewTask(
            id=self._ids.random("tts_"),
            kind=TaskKind.TTS,
            user_id=user_id,
            request_id=request_id,
            input_hash=order.digest(),
            input=order.to_input(),
        )
        return await self._acceptance.accept(
            new, Price(FEATURE, _DESCRIPTION, credits=order.price), check=self._slot.require
        )


class DubbingHandler:
    """A `TaskHandler`. The piece appears in the history with the task's success; running it again stores no second
    file."""

    def __init__(
        self,
        slot: EngineSlot[Dubber],
        audio: AudioFiles,
        sources: SourceFiles,
        *,
        speakers: Speakers,
        references: EmotionReferences,
        samples: VoicePreviews,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        self._slot = slot
        self._audio = audio
        self._sources = sources
        self._speakers = speakers
        self._references = references
        self._samples = samples
        self._clock = clock
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> Done:
        """Speaks, stores, answers the task's output. Raises DomainError or RetryableError."""
        engine, order = self._slot.require(), DubbingOrder.from_input(task.input)
        await report(5, _PREPARING)
        speaker = await self._speakers.prepare(task.user_id, order.voice)
        async with scratch_folder() as folder:
            recordings = _Recordings(self._sources, folder) if engine.takes_recordings else None
            request = DubbingRequest(
                text=order.text,
                speaker=speaker,
                emotion=await self._emotion(task.user_id, order.emotion, recordings),
                speed=order.speed,
                volume_scale=order.volume_scale,
                max_tokens=order.max_tokens,
                content_id=task.id,
                speaker_sample=await self._sample(order.voice, speaker, recordings),
            )
            await report(10, _SYNTHESIZING)
            audio = await self._dub(engine, request)
        await report(90, _STORING)
        name = f"dubbing.{audio.audio_format.value}"
        stored = await self._audio.store(task.id, task.user_id, name=name, data=audio.data)
        piece = self._piece(task, order, stored, audio)

        def publish(unit: SpeechUnit) -> None:
            add_dubbing(unit, piece)

        return Done(_output(request.emotion, stored, audio), publish)

    async def _emotion(self, user_id: int, order: EmotionOrder, recordings: _Recordings | None) -> Emotion:
        weight = saturated(order.weight)
        if order.reference is not None:
            reference = await self._references.get(user_id, order.reference)
            media = None if recordings is None else await recordings.fetch(reference.file_id)
            return ReferenceEmotion(reference.delivery, weight, media)
        vector = order.effective_vector
        return SpeakerEmotion() if vector is None else VectorEmotion(vector, weight, order.text)

    async def _sample(self, voice: VoiceChoice, speaker: Speaker, recordings: _Recordings | None) -> Path | None:
        if recordings is None:
            return None
        if isinstance(voice, TemplateChoice):
            sample = sample_of(find_template(voice.template_id))
            return await recordings.fetch(await self._samples.prepare_sample(sample))
        return None if speaker.sample_file_id is None else await recordings.fetch(speaker.sample_file_id)

    async def _dub(self, engine: Dubber, request: DubbingRequest) -> SynthesizedAudio:
        try:
            return await result_of(engine.dub(request, timeout_s=self._timeout_s))
        except SynthesisError as error:
            raise outcome_of_synthesis(error) from error

    def _piece(self, task: Task, order: DubbingOrder, stored: StoredAudio, audio: SynthesizedAudio) -> NewDubbing:
        return NewDubbing(
            task_id=task.id,
            user_id=task.user_id,
            text=order.text,
            voice=order.voice,
            emotion_control=order.emotion.control,
            file_id=stored.file_id,
            size_bytes=stored.size_bytes,
            duration_ms=audio.duration_ms,
            credits_used=task.credits,
            create_time=self._clock.now(),
        )


class SpeechHandler:
    """A `TaskHandler` for both kinds of speech: the contract has one type of task for them."""

    def __init__(self, syntheses: SynthesisHandler, dubbings: DubbingHandler) -> None:
        self._syntheses = syntheses
        self._dubbings = dubbings

    async def __call__(self, task: Task, report: Progress) -> JsonObject | Done:
        """Does what the task's input is for."""
        if is_dubbing(task.input):
            return await self._dubbings(task, report)
        return await self._syntheses(task, report)


class _Recordings:
    """Files of users, fetched for one attempt."""

    def __init__(self, sources: SourceFiles, folder: Path) -> None:
        self._sources = sources
        self._folder = folder
        self._number = 0

    async def fetch(self, file_id: str) -> Path:
        """A copy that lives as long as the attempt."""
        self._number += 1
        extension = extension_of(file_id)
        copy = self._folder / (f"{self._number}.{extension}" if extension else str(self._number))
        await self._sources.fetch(file_id, copy)
        return copy


def _output(emotion: Emotion, stored: StoredAudio, audio: SynthesizedAudio) -> dict[str, Any]:
    return {
        "file_id": stored.file_id,
        "file_size_bytes": stored.size_bytes,
        "format": audio.audio_format.value,
        "duration_ms": audio.duration_ms,
        "sample_rate": audio.sample_rate,
        "segments": [_segment(segment) for segment in audio.segments],
        "engine": audio.engine,
        "model": audio.model,
        "quality": audio.quality.value,
        "emotion_vector": list(emotion.vector) if isinstance(emotion, VectorEmotion) else None,
        "emotion_weight": 1.0 if isinstance(emotion, SpeakerEmotion) else emotion.weight,
    }


def _segment(segment: SpokenSegment) -> dict[str, Any]:
    """Without a key for words where the engine has no times of them."""
    words = {"words": [_times(word) for word in segment.words]} if segment.words else {}
    return {**_times(segment), **words}


def _times(part: SpokenSegment | SpokenWord) -> dict[str, Any]:
    return {"text": part.text, "start_ms": part.start_ms, "end_ms": part.end_ms}
