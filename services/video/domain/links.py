"""Shared links: how one is found in a text, and what can come of reading it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from kit.errors import DomainError, Forbidden, Invalid, NotFound, Unavailable
from kit.net.urls import HttpUrl, UrlRefused, read_url
from voxreel.common.v1 import error_reason_pb2 as reasons

_ALLOWED = r"A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%"
_LINK = re.compile(rf"https?://[{_ALLOWED}]+", re.IGNORECASE)
# Without a scheme; not behind what would make it a part of something else, such as an address or another link.
_BARE_LINK = re.compile(rf"(?<![{_ALLOWED}\\])(?:[a-z0-9-]{{1,63}}\.){{1,4}}[a-z]{{2,24}}/[{_ALLOWED}]+", re.IGNORECASE)
# The end of a sentence is not a part of the link; `=` may be.
_TRAILING = ".,;:!?'()[]"
_MAX_TEXT_CHARACTERS = 4096


class Outcome(StrEnum):
    """Why a link could not be read."""

    GONE = "gone"
    GATED = "gated"
    LIMITED = "limited"
    CHANGED = "changed"
    UNREACHABLE = "unreachable"
    KIND_UNSUPPORTED = "kind_unsupported"
    PLATFORM_UNSUPPORTED = "platform_unsupported"


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """`detail` is English, for the log; `retry_after_s` is zero where waiting does not help."""

    outcome: Outcome
    detail: str = ""
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LinkAuthor:
    """Who published a post. What is unknown is empty."""

    uid: str = ""
    display_name: str = ""
    avatar_url: str = ""


@dataclass(frozen=True, slots=True)
class LinkedImage:
    """One image of a post; `live_photo_url` is empty where it does not move."""

    url: str
    live_photo_url: str = ""


@dataclass(frozen=True, slots=True)
class LinkedMedia:
    """What lies behind a shared link: a video, or images. `video_url` is empty for a post of images."""

    video_url: str = ""
    cover_url: str = ""
    title: str = ""
    music_url: str = ""
    images: tuple[LinkedImage, ...] = ()
    author: LinkAuthor = LinkAuthor()


@dataclass(frozen=True, slots=True)
class PlatformState:
    """How a platform answered since the process started.

    `counts`: readings by outcome, `read` for those that found media. `changed_ways`: names of ways to read it whose
    pages no longer hold what is looked for. `paused_s`: for how long it will not be asked.
    """

    key: str
    label: str
    last_outcome: str
    counts: Mapping[str, int]
    last_read_at: datetime | None
    changed_ways: tuple[str, ...]
    paused_s: float


Reading: TypeAlias = LinkedMedia | LinkFailure
"""What comes of reading a link; never media without a video and images."""


def link_in(text: str) -> HttpUrl:
    """The first link of a text, as apps share it. Raises Invalid (LINK_MISSING) when there is none."""
    text = text[:_MAX_TEXT_CHARACTERS]
    found = _LINK.search(text) or _BARE_LINK.search(text)
    if found is None:
        raise _link_missing()
    # Some readers take a backslash for a slash: what stands behind it could be the real host.
    if text[found.end() : found.end() + 1] == "\\":
        raise _link_missing()
    link = found.group().rstrip(_TRAILING)
    try:
        return read_url(link if "://" in link else f"https://{link}")
    except UrlRefused as error:
        raise _link_missing() from error


def error_of(failure: LinkFailure) -> DomainError:
    """What the caller is told."""
    kind, reason, message = _ERRORS[failure.outcome]
    return kind(reason, message, retry_after_s=failure.retry_after_s or None)


def _link_missing() -> Invalid:
    return Invalid(reasons.ERROR_REASON_LINK_MISSING, "未找到有效的视频链接")


_ERRORS: dict[Outcome, tuple[type[DomainError], reasons.ErrorReason.ValueType, str]] = {
    Outcome.GONE: (NotFound, reasons.ERROR_REASON_LINK_GONE, "作品不存在，可能已被删除或设为私密"),
    Outcome.GATED: (Forbidden, reasons.ERROR_REASON_LINK_GATED, "该平台要求登录或验证后才能查看此作品，无法解析"),
    Outcome.LIMITED: (
        Unavailable,
        reasons.ERROR_REASON_LINK_PLATFORM_LIMITED,
        "该平台暂时限制了访问，请稍后重试",
    ),
    Outcome.CHANGED: (
        Unavailable,
        reasons.ERROR_REASON_LINK_PAGE_CHANGED,
        "该平台的页面已变更，暂时无法解析",
    ),
    Outcome.UNREACHABLE: (
        Unavailable,
        reasons.ERROR_REASON_LINK_PLATFORM_UNREACHABLE,
        "无法连接该平台，请稍后重试",
    ),
    Outcome.KIND_UNSUPPORTED: (
        Invalid,
        reasons.ERROR_REASON_LINK_KIND_UNSUPPORTED,
        "暂不支持该类型的链接，请分享具体的视频或图文作品",
    ),
    Outcome.PLATFORM_UNSUPPORTED: (
        Invalid,
        reasons.ERROR_REASON_LINK_UNSUPPORTED,
        "暂不支持该平台的视频链接",
    ),
}
