"""How renders and chroma keys are accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kit.digests import input_digest
from kit.ids import IdSource
from kit.sources import SourceFile, SourceFiles, check_file_id, check_format
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.model import NewTask, Task, TaskKind
from services.video.domain.limits import BACKGROUND_FORMATS, FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO
from services.video.domain.orders import KeyingOrder, OrderedFile, RenderOrder, check_keying, check_media
from services.video.engines.registry import VideoEngines

RENDER_PRICE = Price("video_generate", "视频生成")
KEYING_PRICE = Price("chroma_key", "绿幕背景替换")


class CreateVideo:
    """Accepts renders and chroma keys.

    Both methods answer the queued task of the request, the same one however often it is repeated, and raise what
    `TaskAcceptance.accept` raises, NotFound, Invalid, TooLarge, Unavailable (ENGINE_UNAVAILABLE).
    """

    def __init__(self, acceptance: TaskAcceptance, files: SourceFiles, engines: VideoEngines, *, ids: IdSource) -> None:
        self._acceptance = acceptance
        self._files = files
        self._engines = engines
        self._ids = ids

    async def render(
        self,
        user_id: int,
        request_id: str,
        *,
        video_file_id: str,
        audio_file_id: str,
        ref_image_file_id: str | None,
        is_video_extended: bool,
    ) -> Task:
        """A lip-synced video."""
        check_file_id(video_file_id, "video_file_id")
        check_file_id(audio_file_id, "audio_file_id")
        if ref_image_file_id is not None:
            check_file_id(ref_image_file_id, "ref_image_file_id")
        video, audio = await asyncio.gather(self._files.find(video_file_id), self._files.find(audio_file_id))
        check_media(video, FACE_VIDEO, "视频")
        check_media(audio, VOICE_AUDIO, "音频")
        image = OrderedFile()
        if ref_image_file_id is not None:
            found = await self._files.find(ref_image_file_id)
            check_media(found, REFERENCE_IMAGE, "参考图片")
            image = OrderedFile.of(found)
        order = RenderOrder(OrderedFile.of(video), OrderedFile.of(audio), image, is_video_extended)
        new = self._task(TaskKind.VIDEO, user_id, request_id, order)
        return await self._accept(new, RENDER_PRICE, self._engines.lip_syncer.require)

    async def key(
        self,
        user_id: int,
        request_id: str,
        *,
        video_file_id: str,
        background_file_id: str,
        color: str,
        similarity: float,
        blend: float,
    ) -> Task:
        """A video before another background."""
        check_keying(color, similarity=similarity, blend=blend)
        check_file_id(video_file_id, "video_file_id")
        check_file_id(background_file_id, "background_image_file_id")
        video, background = await asyncio.gather(self._files.find(video_file_id), self._files.find(background_file_id))
        check_media(video, FACE_VIDEO, "视频")
        _check_background(background)
        order = KeyingOrder(OrderedFile.of(video), OrderedFile.of(background), color, similarity, blend)
        new = self._task(TaskKind.CHROMA_KEY, user_id, request_id, order)
        return await self._accept(new, KEYING_PRICE, self._engines.chroma_keyer.require)

    async def _accept(self, new: NewTask, price: Price, check: Callable[[], object]) -> Task:
        return await self._acceptance.accept(new, price, check=check)

    def _task(self, kind: TaskKind, user_id: int, request_id: str, order: RenderOrder | KeyingOrder) -> NewTask:
        wanted = order.to_input()
        return NewTask(
            id=self._ids.uuid(),
            kind=kind,
            user_id=user_id,
            request_id=request_id,
            input_hash=input_digest({"kind": kind.value, **wanted}),
            input=wanted,
        )


def _check_background(background: SourceFile) -> None:
    check_format(background, BACKGROUND_FORMATS)
    limits = REFERENCE_IMAGE if background.extension in REFERENCE_IMAGE.formats else FACE_VIDEO
    check_media(background, limits, "背景")
