"""What the video service stands on, in memory: billing, files and engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from kit.engines import Capability, EngineEntry, EngineState, InputRefused, open_slot
from kit.errors import NotFound
from kit.net.errors import FetchError
from kit.net.messages import Downloaded, FetchLimits
from kit.net.urls import HttpUrl
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.video.domain.limits import FACE_VIDEO, MediaLimits
from services.video.domain.links import (
    LinkAuthor,
    LinkedImage,
    LinkedMedia,
    LinkFailure,
    Outcome,
    PlatformState,
    Reading,
)
from services.video.engines.base import (
    Admission,
    ChromaKeyer,
    KeyingRequest,
    LinkReader,
    LipSyncer,
    OnProgress,
    ProducedVideo,
    Quality,
    RenderRequest,
)
from services.video.engines.registry import CHROMA_KEY, LINK_PARSE, LIP_SYNC, VideoEngines, VideoEngineSettings
from services.video.media.facts import AudioFacts, MediaFacts, VideoFacts
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.files.v1 import file_service_pb2_grpc

PRICE = 100
_OUTCOMES = {each.value: each for each in Outcome}


class FakeLedger(ledger_service_pb2_grpc.LedgerServiceServicer):
    """Holds what it is asked for."""

    def __init__(self) -> None:
        self.requests: list[ledger.ReserveCreditsRequest] = []

    async def ReserveCredits(
        self, request: ledger.ReserveCreditsRequest, _context: Context
    ) -> ledger.ReserveCreditsResponse:
        self.requests.append(request)
        hold = ledger.Hold(id=f"hold_{request.request_id}", user_id=request.user_id, credits=PRICE)
        return ledger.ReserveCreditsResponse(hold=hold)


class Gate:
    """Where work of the service can be held: at one named place at a time."""

    def __init__(self) -> None:
        self.closed_at = ""
        self.reached = asyncio.Event()
        self.folders: list[Path] = []

    async def at(self, place: str) -> None:
        if place == self.closed_at:
            self.reached.set()
            await asyncio.Event().wait()


class FakeFiles(file_service_pb2_grpc.FileServiceServicer):
    """Files of users, and what the service made of them."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.sources: dict[str, tuple[int, bytes, int]] = {}
        self.stored: dict[str, tuple[files.UploadFileHeader, bytes]] = {}

    def put(self, file_id: str, content: bytes = b"media", *, user_id: int = 7, size: int | None = None) -> str:
        self.sources[file_id] = (user_id, content, len(content) if size is None else size)
        return file_id

    async def GetFile(self, request: files.GetFileRequest, _context: Context) -> files.GetFileResponse:
        user_id, _, size = self.sources.get(request.file_id, (None, b"", 0))
        if user_id != require_principal().user_id:
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        return files.GetFileResponse(file=files.File(id=request.file_id, user_id=user_id, size_bytes=size))

    async def DownloadFile(
        self, request: files.DownloadFileRequest, _context: Context
    ) -> AsyncIterator[files.DownloadFileResponse]:
        await self._gate.at(f"download {request.file_id}")
        user_id, content, _ = self.sources[request.file_id]
        yield files.DownloadFileResponse(file=files.File(id=request.file_id, user_id=user_id))
        yield files.DownloadFileResponse(chunk=content)

    async def UploadFile(
        self, request_iterator: AsyncIterator[files.UploadFileRequest], _context: Context
    ) -> files.UploadFileResponse:
        header = (await anext(request_iterator)).header
        await self._gate.at("upload")
        content = b"".join([part.chunk async for part in request_iterator])
        self.stored.setdefault(header.request_id, (header, content))
        return files.UploadFileResponse(file=files.File(id=f"videos_{header.request_id}.mp4", size_bytes=len(content)))


class FakeProber:
    """Knows what is in a file by its first word: a good face, voice or picture, or something else."""

    def __init__(self) -> None:
        self.facts = {
            b"face": _video(),
            b"screen": _video(),
            b"room": _video(),
            b"beach": _video(container="webp_pipe", frames=1),
            b"waves": _video(),
            b"voice": _audio(),
            b"who": _video(container="png_pipe", frames=1),
            b"short": _video(seconds=1.0),
            b"slow": _video(rate=12.0),
            b"small": _video(width=639),
            b"wide": _video(width=2049),
            b"vast": _video(width=30000),
            b"blind": MediaFacts("mov,mp4,m4a,3gp,3g2,mj2", None, None),
            b"film": _video(container="matroska,webm"),
            b"long": _audio(seconds=121.0),
            b"mute": MediaFacts("wav", None, None),
            b"song": _audio(container="ogg"),
        }

    async def probe(self, path: Path) -> MediaFacts:
        content = await asyncio.to_thread(path.read_bytes)
        if content not in self.facts:
            raise InputRefused("文件已损坏或不是支持的媒体文件")
        return self.facts[content]


def _video(
    *,
    container: str = "mov,mp4,m4a,3gp,3g2,mj2",
    seconds: float = 3.0,
    rate: float = 25.0,
    width: int = 640,
    frames: int = 75,
) -> MediaFacts:
    return MediaFacts(container, VideoFacts(width, 640, 0, frames, rate, True, seconds, "h264"), None)


def _audio(*, container: str = "wav", seconds: float = 3.0) -> MediaFacts:
    return MediaFacts(container, None, AudioFacts(16_000, 1, seconds, "pcm_s16le"))


class FakeWeb:
    """Files behind URLs."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.errors: dict[str, FetchError] = {}

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        if url in self.errors:
            raise self.errors[url]
        content = self.files[url]
        await asyncio.to_thread(target.write_bytes, content)
        return Downloaded(url, "application/octet-stream", len(content))


class FakeLipSyncer:
    """Puts the files one behind the other, or has the `real` one do it."""

    name = "fake-lips"

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.real: LipSyncer | None = None

    @property
    def face_video(self) -> MediaLimits:
        return FACE_VIDEO if self.real is None else self.real.face_video

    async def admit(self, content_id: str) -> Admission:
        return Admission.NEW if self.real is None else await self.real.admit(content_id)

    async def render(self, request: RenderRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        if self.real is not None:
            return await self.real.render(request, timeout_s=timeout_s, on_progress=on_progress)
        on_progress("analysing", 0.5)
        self._gate.folders.append(request.target.parent)
        await self._gate.at("engine")
        sources = [request.video, request.audio, *([request.ref_image] if request.ref_image else [])]
        await _join(sources, request.target)
        return ProducedVideo(2000, "lips-1", Quality.APPROXIMATE)

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeKeyer:
    """Puts the background behind the video, literally."""

    name = "fake-keyer"

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def screen_share(self, video: Path, color: str, *, timeout_s: float) -> float:
        content = await asyncio.to_thread(video.read_bytes)
        return 0.031 if content == b"room" else 0.6

    async def key(self, request: KeyingRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        on_progress("keying", 0.5)
        self._gate.folders.append(request.target.parent)
        await self._gate.at("engine")
        await _join([request.video, request.background], request.target)
        return ProducedVideo(3000, "", Quality.NATIVE)

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeReader:
    """Reads every link of one platform, on which one post of each kind of failure was published."""

    name = "fake-reader"

    async def read(self, link: HttpUrl, *, timeout_s: float) -> Reading:
        if link.host != "v.douyin.com":
            return LinkFailure(Outcome.PLATFORM_UNSUPPORTED)
        name = link.path.strip("/")
        if name in _OUTCOMES:
            return LinkFailure(_OUTCOMES[name], retry_after_s=60.0 if name == Outcome.LIMITED else 0.0)
        images = (LinkedImage("https://a/1.jpg", "https://a/1.mp4"), LinkedImage("https://a/2.jpg"))
        author = LinkAuthor("1", "作者", "")
        if name == "images":
            return LinkedMedia(title="图文", images=images, author=author)
        return LinkedMedia(f"{link}video.mp4", "", "标题", author=author)

    def platforms(self) -> tuple[PlatformState, ...]:
        seen_at = datetime(2026, 1, 1, 12, tzinfo=UTC)
        asked = PlatformState("douyin", "抖音", "changed", {"read": 3, "changed": 1}, seen_at, ("details",), 1.5)
        return (asked, PlatformState("weibo", "微博", "", {}, None, (), 0.0))

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeEngines:
    """One engine for each capability, registered as engines are. What is in `problems` cannot work."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.lips = FakeLipSyncer(gate)
        self.problems: dict[str, tuple[str, ...]] = {}

    def slots(self, keyer: ChromaKeyer | None = None) -> VideoEngines:
        """With another keyer than the fake one, if it is given."""
        settings = VideoEngineSettings(model_cache_dir=Path("unused"))
        lips: dict[str, EngineEntry[LipSyncer, VideoEngineSettings]] = {
            "fake": EngineEntry(lambda _: self.lips, self._examine(LIP_SYNC))
        }
        keyers: dict[str, EngineEntry[ChromaKeyer, VideoEngineSettings]] = {
            "fake": EngineEntry(lambda _: keyer or FakeKeyer(self._gate), self._examine(CHROMA_KEY))
        }
        readers: dict[str, EngineEntry[LinkReader, VideoEngineSettings]] = {
            "fake": EngineEntry(lambda _: FakeReader(), self._examine(LINK_PARSE))
        }
        return VideoEngines(
            open_slot(LIP_SYNC, lips, settings),
            open_slot(CHROMA_KEY, keyers, settings),
            open_slot(LINK_PARSE, readers, settings),
        )

    def _examine(self, capability: Capability) -> Callable[[VideoEngineSettings], EngineState]:
        return lambda _: EngineState(problems=self.problems.get(capability.key, ()))


async def _join(sources: list[Path], target: Path) -> None:
    contents = [await asyncio.to_thread(source.read_bytes) for source in sources]
    await asyncio.to_thread(target.write_bytes, b"+".join(contents))
