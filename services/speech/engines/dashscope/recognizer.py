"""Gummy as a `SpeechRecognizer`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from kit.dashscope.clients import ENGINE_NAME
from kit.engines import EngineBroken
from services.speech.engines.base import OnProgress, Quality, Recognition
from services.speech.engines.dashscope.account import Account
from services.speech.engines.dashscope.faults import raise_job_error
from services.speech.engines.dashscope.lines import CallThreads, Line
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.transcript import UNDETERMINED, Transcript, language_of
from services.speech.engines.dashscope.turns import NoTurn
from services.speech.media.decoder import Decoder
from services.speech.media.sound import Sound

SAMPLE_RATE = 16_000
_FRAME_S = 0.1
_FRAME_SAMPLES = round(SAMPLE_RATE * _FRAME_S)


class DashScopeRecognizer:
    """A `SpeechRecognizer`. What is sent are samples: files of strangers are decoded here. The decoder, which answers
    at SAMPLE_RATE, is closed with the engine."""

    name = ENGINE_NAME

    def __init__(self, settings: DashScopeSettings, decoder: Decoder) -> None:
        self._settings = settings
        self._turns = settings.turns
        self._account = Account(settings)
        self._decoder = decoder
        self._threads = CallThreads("dashscope-asr", max_calls=settings.max_jobs, silence_s=settings.silence_s)

    async def recognize(self, media: Path, *, timeout_s: float, on_progress: OnProgress) -> Recognition:
        """See `SpeechRecognizer`."""
        loop = asyncio.get_running_loop()

        def tell(fraction: float) -> None:
            with suppress(RuntimeError):  # the loop has ended before the thread
                loop.call_soon_threadsafe(on_progress, fraction)

        try:
            async with asyncio.timeout(timeout_s):
                sound = await self._decoder.decode(media, media.with_suffix(".samples"), timeout_s=timeout_s)
                return await self._threads.run(
                    lambda line: self._hear(line, sound, tell),
                    turn=partial(self._turns.turn, self._settings.limits.gummy, within_s=timeout_s),
                )
        except NoTurn as error:
            raise EngineBroken("too many wait for their turn") from error
        except TimeoutError as error:
            raise EngineBroken("not recognised in time") from error

    async def aclose(self) -> None:
        """Ends running calls; they end with EngineBroken."""
        await self._threads.aclose()
        await self._decoder.aclose()
        await asyncio.to_thread(self._account.close)

    def _hear(self, line: Line, sound: Sound, tell: Callable[[float], None]) -> Recognition:
        transcript = Transcript(sound.duration_ms)
        parameters = {
            "format": "pcm",
            "sample_rate": SAMPLE_RATE,
            "source_language": "auto",
            "transcription_enabled": True,
            "translation_enabled": False,
        }
        try:
            with closing(self._account.recognition(line, parameters=parameters)) as session:
                session.start()
                self._converse(line, session, sound, transcript=transcript, tell=tell)
        except Exception as error:
            raise_job_error(error)
        sentences = transcript.sentences()
        return Recognition(
            sentences=sentences,
            language=language_of("".join(sentence.text for sentence in sentences)) if sentences else UNDETERMINED,
            duration_ms=sound.duration_ms,
            model=self._settings.recognition_model,
            quality=Quality.NATIVE,
        )

    def _converse(
        self, line: Line, session: Any, sound: Sound, *, transcript: Transcript, tell: Callable[[float], None]
    ) -> None:
        """Sends in one thread, listens in this one."""
        sender = Thread(target=self._send, args=(line, session, sound, tell), name="dashscope-asr-send", daemon=True)
        sender.start()
        try:
            for event in session.events():
                transcript.take(event)
        finally:
            line.cut()  # so that the sender ends, too
            sender.join()

    def _send(self, line: Line, session: Any, sound: Sound, tell: Callable[[float], None]) -> None:
        samples = sound.samples()
        try:
            for start in range(0, len(samples), _FRAME_SAMPLES):
                line.pause(_FRAME_S / self._settings.hearing_speed)
                frame = samples[start : start + _FRAME_SAMPLES]
                session.send_audio_frame((np.clip(frame, -1.0, 1.0) * 32767).astype("<i2").tobytes())
                tell(start / len(samples))
            session.stop()
        except Exception:
            # The listener finds out, and knows why.
            line.cut()
