"""The contracts between the video service and its engines, one Protocol for each capability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from kit.net.urls import HttpUrl
from services.video.domain.limits import MediaLimits
from services.video.domain.links import PlatformState, Reading

OnProgress: TypeAlias = Callable[[str, float], None]
"""Is told what an engine does now and which fraction of its whole work is done, 0..1; returns at once."""


class Quality(StrEnum):
    """`approximate`: the engine comes near what is asked."""

    NATIVE = "native"
    APPROXIMATE = "approximate"


class Admission(StrEnum):
    """What an engine that lets a render in needs for it."""

    # Its files.
    NEW = "new"
    # Nothing: an earlier attempt has handed them over.
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Files on this machine, which are there unless the render is ORDERED; `target` is the MP4 to write, in a folder
    whose other names are the engine's to use while it works. `content_id` is that of the admission, and goes into the
    AI-content label of the file.

    The result is as long as the audio. `is_video_extended`: a shorter video plays on until then; else its last picture
    stays.
    """

    video: Path
    audio: Path
    ref_image: Path | None
    is_video_extended: bool
    target: Path
    content_id: str


@dataclass(frozen=True, slots=True)
class KeyingRequest:
    """Files on this machine; `background` is an image or a video, `target` the MP4 to write.

    `color`: "green", "blue" or "#RRGGBB". `similarity`, `blend`: 0..1.
    """

    video: Path
    background: Path
    color: str
    similarity: float
    blend: float
    target: Path
    content_id: str


@dataclass(frozen=True, slots=True)
class ProducedVideo:
    """The facts of what was written to the target."""

    duration_ms: int
    model: str
    quality: Quality


class LipSyncer(Protocol):
    """An engine that moves lips."""

    @property
    def name(self) -> str: ...

    @property
    def face_video(self) -> MediaLimits:
        """What it takes as the video of a face."""
        ...

    async def admit(self, content_id: str) -> Admission:
        """Lets a render in, which keeps its id over all attempts at it. Raises EngineFull when others come first."""
        ...

    async def render(self, request: RenderRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        """Writes the target, for a render that was let in. Cancelling the caller stops the work here; a render that is
        done elsewhere is found again by the next attempt. Raises EngineError."""
        ...

    async def aclose(self) -> None: ...


class ChromaKeyer(Protocol):
    """An engine that replaces the screen behind people."""

    @property
    def name(self) -> str: ...

    async def screen_share(self, video: Path, color: str, *, timeout_s: float) -> float:
        """How much of a video's pictures, 0..1, is a screen of this colour. Raises InputRefused or EngineBroken."""
        ...

    async def key(self, request: KeyingRequest, *, timeout_s: float, on_progress: OnProgress) -> ProducedVideo:
        """Writes the target. Cancelling the caller stops the work. Raises InputRefused or EngineBroken."""
        ...

    async def aclose(self) -> None: ...


class LinkReader(Protocol):
    """Reads posts of video platforms."""

    @property
    def name(self) -> str: ...

    async def read(self, link: HttpUrl, *, timeout_s: float) -> Reading:
        """What lies behind a link, or why nothing can be told of it."""
        ...

    def platforms(self) -> tuple[PlatformState, ...]:
        """The platforms it can read, and how they answered."""
        ...

    async def aclose(self) -> None: ...
