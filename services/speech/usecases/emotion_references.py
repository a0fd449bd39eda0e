"""Emotion references: heard once, kept, and found again by their owners."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import RateLimited, TooLarge
from kit.guarded.errors import WorkersBusy, WorkerTimedOut
from kit.sources import SourceFile, SourceFiles, check_file_id, scratch_folder
from services.speech.domain.custom_voices import not_audio
from services.speech.domain.emotion_references import (
    MAX_BYTES,
    MAX_REFERENCES,
    EmotionReference,
    md5_of,
    reference_not_found,
    references_full,
)
from services.speech.emotion.delivery import Delivery
from services.speech.engines.listening import Listener, NotAudio
from services.speech.peers.files import AudioFiles
from services.speech.store.uow import SpeechUnit
from voxreel.common.v1 import error_reason_pb2 as reasons

# Hearing the beginning takes a second or two; the rest is for those who came before.
_TIMEOUT_S = 20.0
_RETRY_AFTER_S = 5.0
_UNNAMED = "audio"


@dataclass(frozen=True, slots=True)
class CreatedReference:
    """A recording, and whether its owner had it before."""

    reference: EmotionReference
    is_duplicate: bool


class EmotionReferences:
    """Each user's own recordings."""

    def __init__(
        self,
        units: Units[SpeechUnit],
        sources: SourceFiles,
        audio: AudioFiles,
        *,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._units = units
        self._sources = sources
        self._audio = audio
        self._listener = listener
        self._clock = clock

    async def create(self, user_id: int, file_id: str) -> CreatedReference:
        """The reference of an uploaded file; the same bytes are the same reference.

        Raises Invalid (FIELD_INVALID, AUDIO_INVALID), TooLarge, NotFound (FILE_NOT_FOUND), Precondition
        (EMOTION_REFERENCES_FULL), RateLimited (QUEUE_FULL).
        """
        check_file_id(file_id, "file_id")
        file = await self._sources.find(file_id)
        if file.size_bytes > MAX_BYTES:
            raise _too_large()
        async with scratch_folder() as folder:
            copy = folder / "reference"
            await self._sources.fetch(file.id, copy)
            md5 = await asyncio.to_thread(_md5, copy)
            known, number = await self._units.read(
                lambda unit: (unit.emotion_references.find(user_id, md5), unit.emotion_references.number(user_id))
            )
            if known is not None:
                return CreatedReference(known, is_duplicate=True)
            # Uploads of the same moment may pass it together; that does no harm.
            if number >= MAX_REFERENCES:
                raise references_full()
            new = await self._keep(user_id, file, copy, md5=md5)
        await self._units.write(lambda unit: unit.emotion_references.add(new))
        return CreatedReference(new, is_duplicate=False)

    async def get(self, user_id: int, identifier: str) -> EmotionReference:
        """Raises NotFound, also for another user's."""
        md5 = md5_of(identifier, user_id)
        if md5 is None:
            raise reference_not_found()
        reference = await self._units.read(lambda unit: unit.emotion_references.find(user_id, md5))
        if reference is None:
            raise reference_not_found()
        return reference

    async def _keep(self, user_id: int, file: SourceFile, copy: Path, *, md5: str) -> EmotionReference:
        delivery = await self._hear(copy)
        kept = await self._audio.keep_sample(user_id, file.sha256, name=file.name, source=copy)
        return EmotionReference(
            user_id=user_id,
            md5=md5,
            extension=file.extension or _UNNAMED,
            file_id=kept,
            size_bytes=file.size_bytes,
            delivery=delivery,
            create_time=self._clock.now(),
        )

    async def _hear(self, copy: Path) -> Delivery:
        try:
            return await self._listener.measure(copy, timeout_s=_TIMEOUT_S)
        except NotAudio:
            raise not_audio() from None
        except (WorkersBusy, WorkerTimedOut):
            message = "当前上传较多，请稍后重试"
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, message, retry_after_s=_RETRY_AFTER_S) from None


def _md5(file: Path) -> str:
    # The contract names files by it; nothing is secured with it.
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _too_large() -> TooLarge:
    return TooLarge(
        reasons.ERROR_REASON_FILE_TOO_LARGE,
        f"文件过大，上限为 {MAX_BYTES // 1024 // 1024} MB",
        metadata={"limit_bytes": str(MAX_BYTES)},
    )
