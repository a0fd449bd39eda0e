"""Lip-synced video and chroma key. What is not required goes beyond the contract."""

from __future__ import annotations

from typing import NotRequired, Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from edge.endpoint import In

_ID = Field(default=None, min_length=1, max_length=512)
_URL = Field(default=None, min_length=1, max_length=2048)


class GenerateIn(In):
    video_file_id: str | None = _ID
    audio_file_id: str | None = _ID
    ref_image_file_id: str | None = _ID
    video_url: str | None = _URL
    audio_url: str | None = _URL
    ref_image_url: str | None = _URL
    video_extension: bool = Field(default=False, description="音频比视频长时往复播放视频；否则停留在最后一帧")
    wait_completion: bool = Field(default=False, description="是否等待任务完成")

    @model_validator(mode="after")
    def _ids_or_urls(self) -> Self:
        ids = (self.video_file_id, self.audio_file_id, self.ref_image_file_id)
        urls = (self.video_url, self.audio_url, self.ref_image_url)
        if any(ids) and any(urls):
            raise ValueError("文件ID和URL只能使用一种方式")
        if not (all(ids[:2]) or all(urls[:2])):
            raise ValueError("必须提供视频和音频：video_file_id 和 audio_file_id，或 video_url 和 audio_url")
        return self


class ChromaKeyIn(In):
    video_file_id: str | None = _ID
    background_image_file_id: str | None = Field(default=None, min_length=1, max_length=512, description="图片或视频")
    video_url: str | None = _URL
    background_image_url: str | None = _URL
    chroma_key_color: str = Field(
        default="green", pattern=r"^(green|blue|#[0-9A-Fa-f]{6})$", description="green、blue 或 #RRGGBB"
    )
    chroma_key_similarity: float = Field(default=0.4, ge=0.0, le=1.0)
    chroma_key_blend: float = Field(default=0.1, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _one_source_each(self) -> Self:
        if bool(self.video_file_id) == bool(self.video_url):
            raise ValueError("必须提供 video_file_id 或 video_url 之一")
        if bool(self.background_image_file_id) == bool(self.background_image_url):
            raise ValueError("必须提供 background_image_file_id 或 background_image_url 之一")
        return self


class VideoTasksIn(In):
    limit: int = Field(default=10, ge=1, le=100, description="返回数量限制")
    offset: int = Field(default=0, ge=0, le=2_000_000_000, description="偏移量")


class VideoAcceptedOut(TypedDict):
    task_id: str
    status: str
    message: str
    video_url: NotRequired[str | None]


class ListedVideoTaskOut(TypedDict):
    task_id: str
    status: str
    message: str
    created_at: str
    task_type: NotRequired[str]
    progress: NotRequired[int]
    video_url: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    error: NotRequired[str]


class VideoTasksOut(TypedDict):
    tasks: list[ListedVideoTaskOut]
    total: int
    limit: int
    offset: int
