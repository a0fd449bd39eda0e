"""CosyVoice and Sambert as a `SpeechSynthesizer`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from kit.content_label import ContentLabel
from kit.dashscope.clients import ENGINE_NAME
from kit.dashscope.failures import Failure, Fault, failure_of
from services.speech.dsp.loudness import apply_gain, apply_volume, level, limit_peak
from services.speech.engines.base import Quality, SynthesisRequest, SynthesizedAudio, Voice, within_rates
from services.speech.engines.dashscope.account import Account
from services.speech.engines.dashscope.catalog import Speaker, speaker_of, voices
from services.speech.engines.dashscope.lines import CallThreads, Line
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.spoken import Spoken
from services.speech.engines.dashscope.turns import NoTurn
from services.speech.engines.errors import (
    EngineBusy,
    EngineFailed,
    EngineTimedOut,
    EngineUnavailable,
    NothingToSpeak,
    SynthesisError,
    TextRefused,
    TextTooLong,
    UnknownVoice,
)
from services.speech.engines.finishing import encode
from services.speech.text.cleaning import clean

_MAX_CHARS = 10_000


class DashScopeSynthesizer:
    """A `SpeechSynthesizer`. Asks for bare samples: loudness, container and label are the same with every engine.

    Of a manner it takes rate, pitch and energy; the provider shapes intonation and pauses itself.
    """

    name = ENGINE_NAME

    def __init__(self, settings: DashScopeSettings, *, producer: str) -> None:
        self._limits = settings.limits
        self._turns = settings.turns
        self._producer = producer
        self._account = Account(settings)
        self._threads = CallThreads("dashscope-tts", max_calls=settings.max_jobs, silence_s=settings.silence_s)

    def voices(self) -> tuple[Voice, ...]:
        return voices()

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        """See `SpeechSynthesizer.synthesize`. `timeout_s` includes the wait for a turn."""
        speaker = speaker_of(request.voice)
        text = _speakable(request.text)
        limit = self._limits.sambert if speaker.is_sambert else self._limits.cosyvoice
        try:
            async with asyncio.timeout(timeout_s):
                return await self._threads.run(
                    lambda line: self._speak(line, request, text, speaker),
                    turn=partial(self._turns.turn, limit, within_s=timeout_s),
                )
        except NoTurn as error:
            raise EngineBusy(ENGINE_NAME, "too many wait for their turn") from error
        except TimeoutError as error:
            raise EngineTimedOut(ENGINE_NAME, "not spoken in time") from error

    async def aclose(self) -> None:
        """Ends running calls; they end with EngineFailed."""
        await self._threads.aclose()
        await asyncio.to_thread(self._account.close)

    def _speak(self, line: Line, request: SynthesisRequest, text: str, speaker: Speaker) -> SynthesizedAudio:
        spoken = Spoken(text, speaker.sample_rate)
        try:
            with self._frames(line, request, text, speaker) as frames:
                spoken.take(frames)
        except Exception as error:
            raise _error_of(failure_of(error), request.voice) from error
        audio = spoken.samples()
        if not audio.size:
            raise EngineFailed(ENGINE_NAME, "no audio came")
        line.check()
        audio = apply_volume(level(audio, speaker.sample_rate), request.volume)
        audio = limit_peak(apply_gain(audio, request.manner.energy_db), speaker.sample_rate)
        label = ContentLabel(self._producer, request.content_id or uuid4().hex)
        return SynthesizedAudio(
            data=encode(audio, speaker.sample_rate, audio_format=request.audio_format, label=label),
            audio_format=request.audio_format,
            sample_rate=speaker.sample_rate,
            duration_ms=round(len(audio) * 1000 / speaker.sample_rate),
            engine=ENGINE_NAME,
            model=speaker.model,
            quality=Quality.NATIVE,
            segments=spoken.segments(),
        )

    @contextmanager
    def _frames(
        self, line: Line, request: SynthesisRequest, text: str, speaker: Speaker
    ) -> Iterator[Iterator[dict[str, Any] | bytes]]:
        parameters = {
            "format": "pcm",
            "sample_rate": speaker.sample_rate,
            "rate": within_rates(request.speech_rate * request.manner.rate),
            "pitch": within_rates(request.pitch_rate * request.manner.pitch),
            "word_timestamp_enabled": True,
        }
        opened = (
            self._account.task(line)
            if speaker.is_sambert
            else self._account.synthesis(line, model=speaker.model, voice=speaker.voice, parameters=parameters)
        )
        with closing(opened) as session:
            try:
                if speaker.is_sambert:
                    yield _sambert(session, speaker.model, text, parameters)
                else:
                    yield _cosyvoice(session, text)
            finally:
                # Else closing would wait for the provider to close, too.
                line.hang_up()


def _cosyvoice(session: Any, text: str) -> Iterator[dict[str, Any] | bytes]:
    session.start()
    session.send_text(text)
    session.stop()
    yield from session.events()


def _sambert(session: Any, model: str, text: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any] | bytes]:
    session.run_task(
        task_group="audio",
        task="tts",
        function="SpeechSynthesizer",
        model=model,
        parameters=parameters,
        input={"text": text},
        streaming="out",
    )
    while (frame := session.recv()) is not None:
        yield frame


def _speakable(text: str) -> str:
    cleaned = clean(text).strip()
    if len(cleaned) > _MAX_CHARS:
        raise TextTooLong(_MAX_CHARS, len(cleaned))
    if not any(character.isalnum() for character in cleaned):
        raise NothingToSpeak
    return cleaned


def _error_of(failure: Failure, voice: str) -> SynthesisError:
    match failure.fault:
        case Fault.ACCOUNT:
            return EngineUnavailable(ENGINE_NAME, failure.detail)
        case Fault.BUSY:
            return EngineBusy(ENGINE_NAME, failure.detail)
        case Fault.VOICE:
            return UnknownVoice(voice)
        case Fault.CONTENT | Fault.INPUT:
            return TextRefused()
        case Fault.BROKEN:
            return EngineFailed(ENGINE_NAME, failure.detail)
