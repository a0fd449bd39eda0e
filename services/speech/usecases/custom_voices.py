"""Voices that users upload: heard once, kept, and read by their owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import DomainError, RateLimited, TooLarge
from kit.guarded.errors import WorkersBusy, WorkerTimedOut
from kit.rpc.context import Principal
from kit.sources import SourceFile, SourceFiles, check_file_id, scratch_folder
from services.speech.domain.custom_voices import (
    MAX_SAMPLE_BYTES,
    MAX_VOICES,
    CustomVoice,
    NewCustomVoice,
    checked_names,
    custom_voice_not_found,
    custom_voices_full,
    not_audio,
)
from services.speech.engines.listening import HeardSample, Listener, NotAudio
from services.speech.peers.files import AudioFiles
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.cloning import CreateClone
from voxreel.common.v1 import error_reason_pb2 as reasons

# Hearing ten megabytes takes a few seconds; the rest is for those who came before.
_TIMEOUT_S = 20.0
_RETRY_AFTER_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CreatedVoice:
    """A voice, and whether its owner had one of the same bytes before."""

    voice: CustomVoice
    is_duplicate: bool


class CustomVoices:
    """Each user's own voices."""

    def __init__(
        self,
        units: Units[SpeechUnit],
        sources: SourceFiles,
        audio: AudioFiles,
        *,
        listener: Listener,
        clones: CreateClone,
        clock: Clock,
    ) -> None:
        self._units = units
        self._clones = clones
        self._sources = sources
        self._audio = audio
        self._listener = listener
        self._clock = clock

    async def create(self, user: Principal, file_id: str, *, name: str, description: str) -> CreatedVoice:
        """A voice of an uploaded file; the same bytes under the same name are the same voice. An engine that clones
        learns it later.

        Raises Invalid (FIELD_INVALID, AUDIO_INVALID), TooLarge, NotFound (FILE_NOT_FOUND), Precondition
        (CUSTOM_VOICES_FULL), RateLimited (QUEUE_FULL).
        """
        user_id = user.user_id
        name, description = checked_names(name, description)
        check_file_id(file_id, "file_id")
        sample = await self._sources.find(file_id)
        if sample.size_bytes > MAX_SAMPLE_BYTES:
            raise _too_large()
        known = await self._units.read(lambda unit: _look(unit, user_id, sample.sha256, name))
        if known.same is not None:
            return CreatedVoice(known.same, is_duplicate=True)
        # Uploads of the same moment may pass it together; that does no harm.
        if known.number >= MAX_VOICES:
            raise custom_voices_full()
        new = await self._keep(user_id, sample, name=name, description=description)
        voice, is_new = await self._units.write(lambda unit: _add(unit, new))
        if is_new:
            await self._have_learnt(user, voice)
        return CreatedVoice(voice, is_duplicate=known.has_bytes or not is_new)

    async def list(self, user_id: int) -> Sequence[CustomVoice]:
        """All of a user, newest first."""
        return await self._units.read(lambda unit: unit.custom_voices.newest(user_id, limit=MAX_VOICES))

    async def get(self, user_id: int, voice_id: int) -> CustomVoice:
        """Raises NotFound, also for another user's."""
        voice = await self._units.read(lambda unit: unit.custom_voices.find(user_id, voice_id))
        if voice is None:
            raise custom_voice_not_found()
        return voice

    async def _have_learnt(self, user: Principal, voice: CustomVoice) -> None:
        try:
            await self._clones.learn_custom(user, voice)
        except DomainError as error:
            # It speaks with the nearest preset voice all the same.
            _log.info("custom_voice_not_learnt", voice_id=voice.id, reason=error.reason_name)

    async def _keep(self, user_id: int, sample: SourceFile, *, name: str, description: str) -> NewCustomVoice:
        async with scratch_folder() as folder:
            copy = folder / "sample"
            await self._sources.fetch(sample.id, copy)
            heard = await self._hear(copy)
            file_id = await self._audio.keep_sample(user_id, sample.sha256, name=sample.name, source=copy)
        return NewCustomVoice(
            user_id=user_id,
            name=name,
            description=description,
            file_id=file_id,
            sha256=sample.sha256,
            size_bytes=sample.size_bytes,
            duration_ms=heard.duration_ms,
            pitch_hz=None if heard.pitch_hz is None else round(heard.pitch_hz),
            create_time=self._clock.now(),
        )

    async def _hear(self, copy: Path) -> HeardSample:
        try:
            return await self._listener.hear(copy, timeout_s=_TIMEOUT_S)
        except NotAudio:
            raise not_audio() from None
        except (WorkersBusy, WorkerTimedOut):
            message = "当前上传较多，请稍后重试"
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, message, retry_after_s=_RETRY_AFTER_S) from None


@dataclass(frozen=True, slots=True)
class _Known:
    same: CustomVoice | None
    has_bytes: bool
    number: int


def _look(unit: SpeechUnit, user_id: int, sha256: str, name: str) -> _Known:
    voices = unit.custom_voices
    same = voices.find_same(user_id, sha256, name)
    return _Known(same, voices.has_sample(user_id, sha256), voices.number(user_id))


def _add(unit: SpeechUnit, new: NewCustomVoice) -> tuple[CustomVoice, bool]:
    """The stored voice, and whether this stored it."""
    is_new = unit.custom_voices.add(new)
    voice = unit.custom_voices.find_same(new.user_id, new.sha256, new.name)
    assert voice is not None, "voices are never deleted"
    return voice, is_new


def _too_large() -> TooLarge:
    return TooLarge(
        reasons.ERROR_REASON_FILE_TOO_LARGE,
        f"File size exceeds maximum allowed size ({MAX_SAMPLE_BYTES} bytes)",
        metadata={"limit_bytes": str(MAX_SAMPLE_BYTES)},
    )
