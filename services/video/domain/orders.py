"""What clients ask of video, checked before anything is recorded or held."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kit.errors import Invalid, TooLarge
from kit.sources import SourceFile, check_format
from services.video.domain.limits import MediaLimits
from voxreel.common.v1 import error_reason_pb2 as reasons

_COLOR = re.compile(r"green|blue|#[0-9A-Fa-f]{6}\Z")
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OrderedFile:
    """One of the files an order works on: the platform's own, or what lies behind a URL. Empty for one not given."""

    file_id: str = ""
    extension: str = ""
    url: str = ""

    @property
    def is_given(self) -> bool:
        return bool(self.file_id or self.url)

    @classmethod
    def of(cls, file: SourceFile) -> OrderedFile:
        """The file as an order keeps it."""
        return cls(file.id, file.extension)


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """The input of a render."""

    video: OrderedFile
    audio: OrderedFile
    ref_image: OrderedFile
    is_video_extended: bool

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> RenderOrder:
        """From what `to_input` made of it."""
        return cls(
            video=OrderedFile(**stored["video"]),
            audio=OrderedFile(**stored["audio"]),
            ref_image=OrderedFile(**stored["ref_image"]),
            is_video_extended=bool(stored["is_video_extended"]),
        )

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class KeyingOrder:
    """The input of a chroma key. `similarity` and `blend` 0..1."""

    video: OrderedFile
    background: OrderedFile
    color: str
    similarity: float
    blend: float

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> KeyingOrder:
        """From what `to_input` made of it."""
        return cls(
            video=OrderedFile(**stored["video"]),
            background=OrderedFile(**stored["background"]),
            color=str(stored["color"]),
            similarity=float(stored["similarity"]),
            blend=float(stored["blend"]),
        )

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner."""
        return asdict(self)


def check_media(file: SourceFile, limits: MediaLimits, label: str) -> None:
    """Raises Invalid (FILE_TYPE_UNSUPPORTED) or TooLarge (FILE_TOO_LARGE) by what is known without a look inside."""
    check_format(file, limits.formats)
    if file.size_bytes > limits.max_size_bytes:
        raise too_large(label, limits)


def too_large(label: str, limits: MediaLimits) -> TooLarge:
    """There are more bytes than may be."""
    return TooLarge(
        reasons.ERROR_REASON_FILE_TOO_LARGE,
        f"{label}过大，上限为 {limits.max_size_bytes // _MEBIBYTE} MB",
        metadata={"limit_bytes": str(limits.max_size_bytes)},
    )


def check_keying(color: str, *, similarity: float, blend: float) -> None:
    """Raises Invalid with a message for each rule."""
    if _COLOR.fullmatch(color) is None:
        raise field_invalid("chroma_key_color（抠像颜色）只能是 green、blue 或 #RRGGBB")
    for name, value in (("chroma_key_similarity（相似度）", similarity), ("chroma_key_blend（混合度）", blend)):
        # Also refuses NaN, which compares false with everything.
        if not 0.0 <= value <= 1.0:
            raise field_invalid(f"{name}必须在 0 到 1 之间")


def field_invalid(message: str) -> Invalid:
    """The request breaks a rule, in words for clients."""
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
