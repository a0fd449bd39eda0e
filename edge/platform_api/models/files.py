"""Files: uploads, downloads, lists, statistics and the search for them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.platform_api.models.paging import MAX_INT64, SearchFacts, SearchIn

_MAX_LISTED = 1000
_MAX_SKIPPED = 2**31 - 1


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


class DeleteFileIn(FileIdIn):
    file_type: str = Field(min_length=1, max_length=32, description="文件类型，临时文件为 temp")


class ListFilesIn(In):
    file_type: str | None = Field(default=None, max_length=32, description="文件类型过滤")
    skip: int = Field(default=0, ge=0, le=_MAX_SKIPPED, description="跳过的数量")
    limit: int = Field(default=_MAX_LISTED, ge=1, le=_MAX_LISTED, description="返回数量限制")


class ListAllFilesIn(ListFilesIn):
    user_id: int | None = Field(default=None, ge=0, le=MAX_INT64, description="用户ID过滤")


class ListCachedIn(In):
    file_type: str | None = Field(default=None, max_length=32, description="文件类型过滤")
    limit: int = Field(default=20, ge=1, le=_MAX_LISTED, description="返回数量限制")
    offset: int = Field(default=0, ge=0, le=_MAX_SKIPPED, description="偏移量")
    is_temp: bool | None = Field(default=None, description="是否临时文件过滤")


class FileSearchIn(SearchIn):
    q: str | None = Field(min_length=1, max_length=100, description="搜索关键词（文件名）")
    file_type: str | None = Field(default=None, max_length=32, description="文件类型筛选")
    user_id: int | None = Field(default=None, ge=0, le=MAX_INT64, description="上传用户ID筛选")
    size_min: int | None = Field(default=None, ge=0, le=MAX_INT64, description="最小文件大小（字节）")
    size_max: int | None = Field(default=None, ge=0, le=MAX_INT64, description="最大文件大小（字节）")


class ListedFileOut(TypedDict):
    file_id: str
    file_type: str
    file_size: int
    file_size_mb: float
    original_filename: str
    saved_at: str


class AnyonesFileOut(ListedFileOut):
    user_id: int


class FilesOut(TypedDict):
    files: list[ListedFileOut]
    total: int


class AllFilesOut(TypedDict):
    files: list[AnyonesFileOut]
    total: int
    file_type_filter: str | None
    user_id_filter: int | None


class PersistentStatsOut(TypedDict):
    videos: int
    digital_humans: int
    backgrounds: int
    bgm: int
    audio: int
    total_files: int
    total_size: int


class StoreStatsOut(TypedDict):
    total_files: int
    total_size: int
    temp_files: int


class FileStatsOut(TypedDict):
    persistent_files_stats: PersistentStatsOut
    filesystem_stats: StoreStatsOut


class CachedFileOut(TypedDict):
    file_id: str
    file_type: str
    file_size: int
    file_size_mb: float
    original_filename: str
    is_temp: bool
    created_at: str
    expires_at: str | None
    url: str


class CachedFilesOut(TypedDict):
    files: list[CachedFileOut]
    total: int
    limit: int
    offset: int


class FoundFileOut(TypedDict):
    file_id: str
    original_name: str
    file_type: str
    size: int
    size_human: str
    extension: str
    user_id: int
    user_account: str
    created_at: str
    file_path: str


class FileSearchOut(SearchFacts):
    files: list[FoundFileOut]


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
