"""Dubbing on an IndexTTS2 server: its voice and emotion, our speed, loudness and label."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.engines.base import SynthesizedAudio
from services.speech.engines.dubbing import DubbingRequest, ReferenceEmotion
from services.speech.engines.indextts.client import IndexTtsClient, fields_of
from services.speech.engines.indextts.settings import ENGINE_NAME, IndexTtsSettings
from services.speech.engines.indextts.worker import Finish, finish, no_tool

_FINISHING_TIMEOUT_S = 60.0
_WORKER_BYTES = 2 * 1024 * 1024 * 1024


class IndexTtsDubber:
    """A `Dubber` whose server and shared folder are configured."""

    takes_recordings = True

    def __init__(self, settings: IndexTtsSettings) -> None:
        if settings.base_url is None or settings.shared_dir is None:
            raise ValueError("no IndexTTS server is configured")
        self._shared_dir = settings.shared_dir
        self._server_dir = PurePosixPath(settings.server_dir or settings.shared_dir.as_posix())
        self._producer = settings.producer
        self._client = IndexTtsClient(settings.base_url)
        limits = ProcessLimits(address_space_bytes=_WORKER_BYTES, is_offline=True)
        self._workers = GuardedPool(no_tool, name=ENGINE_NAME, promised=(EngineBroken,), limits=limits)

    @property
    def name(self) -> str:
        return ENGINE_NAME

    async def dub(self, request: DubbingRequest, *, timeout_s: float) -> SynthesizedAudio:
        """See `Dubber.dub`."""
        if request.speaker_sample is None:
            raise InputRefused("该音色没有可用的音频样本")
        emotion = request.emotion.media if isinstance(request.emotion, ReferenceEmotion) else None
        async with self._lent(request.speaker_sample) as speaker_path, self._lent(emotion) as emotion_path:
            fields = fields_of(request, speaker_path=speaker_path or "", emotion_path=emotion_path)
            spoken = await self._client.speak(fields, timeout_s=timeout_s)
        wanted = Finish(request.speed, request.volume_scale, self._producer, request.content_id)
        try:
            return await self._workers.run(finish, spoken, wanted, timeout_s=_FINISHING_TIMEOUT_S)
        except WorkerError as error:
            raise EngineBroken(str(error)) from error

    async def aclose(self) -> None:
        """Closes connections and ends the worker."""
        await self._client.aclose()
        await self._workers.aclose()

    @asynccontextmanager
    async def _lent(self, media: Path | None) -> AsyncIterator[str | None]:
        """A copy in the shared folder while it is needed; answers its path on the server."""
        if media is None:
            yield None
            return
        name = f"{uuid.uuid4().hex}{media.suffix}"
        copy = self._shared_dir / name
        try:
            await asyncio.to_thread(shutil.copyfile, media, copy)
            yield str(self._server_dir / name)
        except OSError as error:
            raise EngineBroken(f"the shared folder cannot be used: {type(error).__name__}") from None
        finally:
            await asyncio.shield(asyncio.to_thread(copy.unlink, missing_ok=True))
