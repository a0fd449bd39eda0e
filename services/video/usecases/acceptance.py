"""How renders and chroma keys are accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kit.digests import input_digest
from kit.ids import IdSource
from kit.sources import SourceFiles, check_file_id, check_format
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.model import NewTask, Task, TaskKind
from services.video.domain.limits import BACKGROUND_FORMATS, FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO, MediaLimits
from services.video.domain.media_rules import (
    check_background,
    check_face_video,
    check_reference_image,
    check_voice,
)
from services.video.domain.orders import KeyingOrder, OrderedFile, RenderOrder, check_keying
from services.video.domain.screens import check_screen
from services.video.engines.registry import VideoEngines
from services.video.media.facts import MediaFacts
from services.video.usecases.preflight import Preflight, Wanted

RENDER_PRICE = Price("video_generate", "视频生成")
KEYING_PRICE = Price("chroma_key", "绿幕背景替换")
_LOOK_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its id or by a URL of somebody else's."""

    file_id: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class WantedRender:
    """A render as a client asks for it."""

    video: Source
    audio: Source
    ref_image: Source | None
    is_video_extended: bool

    def files(self, face_video: MediaLimits) -> list[Wanted]:
        """What is to be looked at; the video by the limits of the engine."""
        video, audio, image = self.video, self.audio, self.ref_image
        rules: list[tuple[Source, str, str, MediaLimits, Callable[[MediaFacts], object]]] = [
            (video, "video", "视频", face_video, partial(check_face_video, limits=face_video)),
            (audio, "audio", "音频", VOICE_AUDIO, partial(check_voice, limits=VOICE_AUDIO)),
            *([(image, "ref_image", "参考图片", REFERENCE_IMAGE, check_reference_image)] if image else []),
        ]
        return [
            Wanted(source.file_id, source.url, name=name, label=label, limits=limits, check=check)
            for source, name, label, limits, check in rules
        ]


@dataclass(frozen=True, slots=True)
class WantedKeying:
    """A chroma key as a client asks for it."""

    video: Source
    background: Source
    color: str
    similarity: float
    blend: float

    def files(self, limits: MediaLimits, find_screen: Callable[[Path], Awaitable[None]]) -> list[Wanted]:
        """What is to be looked at, the screen last. `limits` are the background's."""
        video, background = self.video, self.background
        check = partial(check_face_video, limits=FACE_VIDEO)
        return [
            Wanted(background.file_id, background.url, "background_image", "背景", limits, check_background),
            Wanted(video.file_id, video.url, "video", "视频", FACE_VIDEO, check, look=find_screen),
        ]


class CreateVideo:
    """Accepts renders and chroma keys.

    Both methods answer the queued task of the request, the same one however often it is repeated, and raise what
    `TaskAcceptance.accept` raises, NotFound, Invalid, TooLarge, Unavailable (ENGINE_UNAVAILABLE).
    """

    def __init__(
        self,
        acceptance: TaskAcceptance,
        files: SourceFiles,
        preflight: Preflight,
        engines: VideoEngines,
        *,
        ids: IdSource,
    ) -> None:
        self._acceptance = acceptance
        self._files = files
        self._preflight = preflight
        self._engines = engines
        self._ids = ids

    async def render(self, user_id: int, request_id: str, wanted: WantedRender) -> Task:
        """A lip-synced video."""
        lip_syncer = self._engines.lip_syncer.require()
        video, audio, *image = await self._preflight.check(wanted.files(lip_syncer.face_video))
        order = RenderOrder(video, audio, image[0] if image else OrderedFile(), wanted.is_video_extended)
        new = self._task(TaskKind.VIDEO, user_id, request_id, order)
        return await self._accept(new, RENDER_PRICE, self._engines.lip_syncer.require)

    async def key(self, user_id: int, request_id: str, wanted: WantedKeying) -> Task:
        """A video before another background. Raises Invalid (SCREEN_NOT_FOUND), too."""
        check_keying(wanted.color, similarity=wanted.similarity, blend=wanted.blend)
        keyer = self._engines.chroma_keyer.require()

        async def find_screen(path: Path) -> None:
            check_screen(await keyer.screen_share(path, wanted.color, timeout_s=_LOOK_TIMEOUT_S), wanted.color)

        limits = await self._background_limits(wanted.background)
        background, video = await self._preflight.check(wanted.files(limits, find_screen))
        order = KeyingOrder(video, background, wanted.color, wanted.similarity, wanted.blend)
        new = self._task(TaskKind.CHROMA_KEY, user_id, request_id, order)
        return await self._accept(new, KEYING_PRICE, self._engines.chroma_keyer.require)

    async def _background_limits(self, background: Source) -> MediaLimits:
        """Those of images or of videos. What lies behind a URL is told by its content."""
        if background.url:
            return FACE_VIDEO
        check_file_id(background.file_id, "background_image_file_id")
        found = await self._files.find(background.file_id)
        check_format(found, BACKGROUND_FORMATS)
        return REFERENCE_IMAGE if found.extension in REFERENCE_IMAGE.formats else FACE_VIDEO

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
