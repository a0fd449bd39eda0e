"""The history of dubbing."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

_MAX_ID = 2**63 - 1


class DubbingIdIn(In):
    history_id: int = Field(ge=1, le=_MAX_ID)


class DownloadUrlIn(DubbingIdIn):
    expires: int = Field(default=3600, ge=1, le=86400, description="链接有效期，单位秒")


class DubbingOut(TypedDict):
    id: int
    text_content: str
    voice_template_id: int | None
    custom_voice_id: int | None
    emotion_control_type: str
    file_size: int
    duration: float
    credits_used: int
    created_at: str


class DubbingsOut(TypedDict):
    total: int
    items: list[DubbingOut]
    # Beyond the document, as other lists of it have them.
    page: NotRequired[int]
    size: NotRequired[int]
    total_pages: NotRequired[int]


class DownloadUrlOut(TypedDict):
    download_url: str
    expires_in: int
