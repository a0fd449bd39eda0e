"""From messages of the files service to the platform dialect's lists and statistics."""

from __future__ import annotations

from collections.abc import Mapping

from edge.display import DisplayTimes
from edge.platform_api.models.files import (
    AnyonesFileOut,
    CachedFileOut,
    FileStatsOut,
    FoundFileOut,
    ListedFileOut,
)
from edge.platform_api.render import download_url, extension_of, megabytes
from voxreel.files.v1 import file_service_pb2 as files

_UNITS = ("B", "KB", "MB", "GB", "TB")


def size_human(size_bytes: int) -> str:
    """`2.0 MB`."""
    size, unit = float(size_bytes), 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}"


def listed_file(file: files.File, times: DisplayTimes) -> ListedFileOut:
    """A file as its owner's list shows it."""
    return {
        "file_id": file.id,
        "file_type": file.file_type,
        "file_size": file.size_bytes,
        "file_size_mb": megabytes(file.size_bytes),
        "original_filename": file.original_name,
        "saved_at": times.stamp(file.create_time),
    }


def anyones_file(file: files.File, times: DisplayTimes) -> AnyonesFileOut:
    """A file as the list of everybody's shows it."""
    return {**listed_file(file, times), "user_id": file.user_id}


def cached_file(file: files.File, times: DisplayTimes) -> CachedFileOut:
    """A temporary or cached file."""
    is_temp = file.storage_type == files.STORAGE_TYPE_TEMP
    return {
        "file_id": file.id,
        "file_type": file.file_type,
        "file_size": file.size_bytes,
        "file_size_mb": megabytes(file.size_bytes),
        "original_filename": file.original_name,
        "is_temp": is_temp,
        "created_at": times.stamp(file.create_time),
        "expires_at": times.stamp(file.expire_time) if file.HasField("expire_time") else None,
        "url": download_url(file.id, "temp" if is_temp else "cache"),
    }


def found_file(listed: files.ListedFile, accounts: Mapping[int, str], times: DisplayTimes) -> FoundFileOut:
    """A file as a search shows it; the account is empty when its user was deleted."""
    file = listed.file
    extension = extension_of(file.id)
    return {
        "file_id": file.id,
        "original_name": file.original_name,
        "file_type": file.file_type,
        "size": file.size_bytes,
        "size_human": size_human(file.size_bytes),
        "extension": f".{extension}" if extension else "",
        "user_id": file.user_id,
        "user_account": accounts.get(file.user_id, ""),
        "created_at": times.stamp(file.create_time),
        "file_path": listed.blob_key,
    }


def file_stats(stats: files.GetFileStatsResponse) -> FileStatsOut:
    """What is kept, and what it takes of the store, where files with the same bytes lie once."""
    kept = [count for count in stats.counts if count.storage_type == files.STORAGE_TYPE_PERSISTENT]
    of_type = {count.file_type: count.files for count in kept}
    return {
        "persistent_files_stats": {
            "videos": of_type.get("videos", 0),
            "digital_humans": of_type.get("digital_humans", 0),
            "backgrounds": of_type.get("backgrounds", 0),
            "bgm": of_type.get("bgm", 0),
            "audio": of_type.get("audio", 0),
            "total_files": sum(count.files for count in kept),
            "total_size": sum(count.size_bytes for count in kept),
        },
        "filesystem_stats": {
            "total_files": stats.blobs,
            "total_size": stats.blob_bytes,
            "temp_files": sum(count.files for count in stats.counts if count.storage_type == files.STORAGE_TYPE_TEMP),
        },
    }
