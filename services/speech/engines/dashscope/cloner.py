"""Enrolment of voices as a `VoiceCloner`."""

from __future__ import annotations

import asyncio
import hashlib
import io
import wave
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from kit.dashscope.clients import ENGINE_NAME
from kit.dashscope.failures import Fault, failure_of
from kit.dashscope.uploads import RESOLVE_HEADERS, Upload, upload
from kit.engines import EngineBroken, EngineError, EngineGaveUp, InputRefused
from services.speech.engines.base import CloneRequest, OnProgress, Quality, VoiceClone
from services.speech.engines.dashscope.account import Account
from services.speech.engines.dashscope.faults import raise_job_error
from services.speech.engines.dashscope.lines import CallThreads, Line, LineCut
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.turns import NoTurn
from services.speech.media.decoder import Decoder
from services.speech.media.sound import Sound, SoundOrder
from voxreel.common.v1 import error_reason_pb2 as reasons

T = TypeVar("T")

CLONE_MODELS = (
    "cosyvoice-v2",
    "cosyvoice-v3-flash",
    "cosyvoice-v3-plus",
    "cosyvoice-v3.5-flash",
    "cosyvoice-v3.5-plus",
)
_ENROLMENT = "voice-enrollment"
SAMPLE_ORDER = SoundOrder(24_000, 60.0)
# How much of the way is behind when the provider has the order.
_ORDERED = 0.5
_READY, _REJECTED = "OK", "UNDEPLOYED"
_PREFIX_CHARACTERS = 9
_LOOKS_AFTER_DOUBT = 3
_SAMPLE_REFUSED = "样本未被音色克隆服务接受，请换用 10 到 20 秒清晰的人声录音"
_IN_DOUBT = "音色克隆服务没有确认结果，未重复提交，请稍后重试"


class _InDoubt(EngineBroken):
    """An order was sent, and nobody knows what has become of it."""


class DashScopeCloner:
    """A `VoiceCloner`.

    The prefix of an enrolled voice is drawn from the sample, so that an attempt finds what an earlier one has ordered:
    no sample is enrolled twice, whatever was lost in between. The decoder, for SAMPLE_ORDER, is closed with the engine.
    """

    name = ENGINE_NAME

    def __init__(self, settings: DashScopeSettings, decoder: Decoder) -> None:
        self._settings = settings
        self._turns = settings.turns
        self._account = Account(settings)
        self._decoder = decoder
        self._threads = CallThreads("dashscope-clone", max_calls=settings.max_jobs, silence_s=settings.silence_s)

    async def clone(self, request: CloneRequest, *, timeout_s: float, on_progress: OnProgress) -> VoiceClone:
        """See `VoiceCloner`."""
        is_known = request.target_model in CLONE_MODELS
        model = request.target_model if is_known else self._settings.clone_model
        try:
            async with asyncio.timeout(timeout_s):
                sound = await self._decoder.decode(
                    request.sample, request.sample.with_suffix(".samples"), timeout_s=timeout_s
                )
                recording = await asyncio.to_thread(_recording, sound)
                voice_id = await self._enrolled(model, _prefix_of(recording, model), recording)
                on_progress(_ORDERED)
                await self._wait_deployed(voice_id)
        except TimeoutError as error:
            raise EngineBroken("not enrolled in time") from error
        return VoiceClone(voice_id, model, Quality.NATIVE)

    async def aclose(self) -> None:
        """Ends what runs; it ends with EngineBroken."""
        await self._threads.aclose()
        await self._decoder.aclose()
        await asyncio.to_thread(self._account.close)

    async def _enrolled(self, model: str, prefix: str, recording: bytes) -> str:
        found = await self._find(model, prefix)
        if found is not None:
            return found
        url = await self._upload(prefix, recording)
        try:
            return await self._ask(partial(self._create, model=model, prefix=prefix, url=url))
        except _InDoubt as error:
            return await self._find_in_doubt(model, prefix, error)

    async def _find_in_doubt(self, model: str, prefix: str, error: _InDoubt) -> str:
        """The voice of an order nobody has confirmed."""
        for _ in range(_LOOKS_AFTER_DOUBT):
            await asyncio.sleep(self._settings.poll_s)
            found = await self._find(model, prefix)
            if found is not None:
                return found
        raise EngineGaveUp(_IN_DOUBT, f"enrolment not confirmed: {error.detail}") from error

    async def _wait_deployed(self, voice_id: str) -> None:
        while True:
            try:
                status = await self._ask(lambda _line: self._account.voices().get(voice_id).status)
            except EngineBroken:
                # Nothing is lost by looking again.
                status = None
            if status == _READY:
                return
            if status == _REJECTED:
                raise InputRefused(_SAMPLE_REFUSED, reasons.ERROR_REASON_PROVIDER_REFUSED)
            await asyncio.sleep(self._settings.poll_s)

    async def _find(self, model: str, prefix: str) -> str | None:
        def find(_line: Line) -> str | None:
            listed = self._account.voices().list(prefix=prefix).voices
            usable = (voice for voice in listed if voice.get("status") != _REJECTED)
            ids = (str(voice.get("voice_id") or "") for voice in usable)
            return next((voice_id for voice_id in ids if voice_id.startswith(f"{model}-{prefix}-")), None)

        return await self._ask(find)

    def _create(self, line: Line, *, model: str, prefix: str, url: str) -> str:
        voices = self._account.voices()
        try:
            created = voices.create(target_model=model, prefix=prefix, url=url, headers=RESOLVE_HEADERS)
        except Exception as error:
            failure = failure_of(error)
            if failure.fault is Fault.BROKEN:
                raise _InDoubt(failure.detail) from error
            raise
        if not created.voice_id:
            raise _InDoubt("the provider named no voice")
        try:
            line.check()
        except LineCut:
            # Nobody will ever speak with it.
            voices.delete(created.voice_id)
            raise
        return str(created.voice_id)

    async def _upload(self, prefix: str, recording: bytes) -> str:
        client = await asyncio.to_thread(self._account.async_client)
        try:
            wav = Upload(f"{prefix}.wav", "audio/wav", recording)
            return await upload(client, wav, model=_ENROLMENT, timeout_s=self._settings.silence_s)
        except EngineError:
            raise
        except Exception as error:
            raise_job_error(error, refused_zh=_SAMPLE_REFUSED)
        finally:
            await client.aclose()

    async def _ask(self, call: Callable[[Line], T]) -> T:
        """What a blocking request answers, with one of the account's turns. Raises as `VoiceCloner.clone`."""
        turn = partial(self._turns.turn, self._settings.limits.enrollment, within_s=self._settings.silence_s)
        try:
            return await self._threads.run(call, turn=turn)
        except NoTurn as error:
            raise EngineBroken("too many wait for their turn") from error
        except EngineError:
            raise
        except Exception as error:
            raise_job_error(error, refused_zh=_SAMPLE_REFUSED)


def _prefix_of(recording: bytes, model: str) -> str:
    digest = hashlib.sha256(model.encode() + b"\0" + recording)
    return digest.hexdigest()[:_PREFIX_CHARACTERS]


def _recording(sound: Sound) -> bytes:
    """As the provider wants samples: WAV with 16 bits."""
    target = io.BytesIO()
    with wave.open(target, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(sound.sample_rate)
        wav.writeframes((np.clip(sound.samples(), -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return target.getvalue()
