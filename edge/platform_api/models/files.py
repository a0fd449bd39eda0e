"""Uploads and downloads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class FileIdIn(In):
    file_id: str = Field(min_length=1, max_length=512)


class UploadIn(In):
    storage_type: Literal["persistent", "temp"] = Field(default="persistent", description="存储类型")
    file_type: str = Field(
        default="",
        max_length=32,
        description="persistent 存储必填：digital_humans、backgrounds 或 bgm",
    )


class DownloadIn(FileIdIn):
    storage_type: Literal["persistent", "cache", "temp"] | None = Field(
        default=None, description="存储类型，缺省时自动识别"
    )


class PersistentUploadOut(TypedDict):
    message: str
    file_id: str
    file_type: str
    file_size_mb: float
    original_filename: str
    url: str
    saved_at: str


class TempUploadOut(TypedDict):
    message: str
    file_id: str
    filename: str
    size: int
    url: str
