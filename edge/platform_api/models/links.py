"""Links to videos elsewhere. The envelope is this endpoint's own."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class ParseIn(In):
    url: str = Field(min_length=1, max_length=4096, description="视频链接，或含有链接的分享文本")


class LinkAuthorOut(TypedDict):
    uid: str
    name: str
    avatar: str


class LinkedImageOut(TypedDict):
    url: str
    live_photo_url: str


class LinkedMediaOut(TypedDict):
    video_url: str
    cover_url: str
    title: str
    music_url: str
    images: list[LinkedImageOut]
    author: LinkAuthorOut


class ParseOut(TypedDict):
    code: int
    msg: str
    data: LinkedMediaOut
    timestamp: str


class LinkPlatformOut(TypedDict):
    platform: str
    name: str
    status: str
    counts: dict[str, int]
    last_success_at: str | None
    changed_ways: list[str]
    paused_seconds: int


class LinkPlatformsOut(TypedDict):
    platforms: list[LinkPlatformOut]
