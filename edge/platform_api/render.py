"""From messages of the services to the platform dialect."""

from __future__ import annotations

from urllib.parse import quote

from edge.display import DisplayTimes
from edge.platform_api.models.files import PersistentUploadOut, TempUploadOut
from edge.platform_api.models.speech import AudioInfoOut
from edge.platform_api.models.users import ProfileOut
from voxreel.auth.v1 import user_pb2
from voxreel.files.v1 import file_service_pb2 as files

_MIB = 1024 * 1024


def megabytes(size_bytes: float) -> float:
    """Size in MiB, to two places."""
    return round(size_bytes / _MIB, 2)


def download_url(file_id: str, storage_type: str) -> str:
    """Where a file can be fetched, relative to the platform."""
    return f"/api/files/download/{quote(file_id)}?storage_type={storage_type}"


def extension_of(file_id: str) -> str:
    """What stands behind the last dot, in lower case; empty when there is none."""
    _stem, dot, extension = file_id.rpartition(".")
    return extension.lower() if dot else ""


def profile(user: user_pb2.User, credits: int, times: DisplayTimes) -> ProfileOut:
    """A user with what they can spend."""
    kept = user.materials
    return {
        "id": user.id,
        "account": user.account,
        "is_admin": user.is_admin,
        "is_active": user.status == user_pb2.USER_STATUS_ACTIVE,
        "credits": credits,
        "works": list(kept.works),
        "digital_human_materials": list(kept.digital_humans),
        "background_materials": list(kept.backgrounds),
        "voice_tones": list(kept.voices),
        "bgm_materials": list(kept.bgm),
        "created_at": times.stamp(user.create_time),
        "updated_at": times.stamp(user.update_time),
        "last_login_at": times.stamp(user.last_login_time) if user.HasField("last_login_time") else None,
    }


def persistent_upload(file: files.File, times: DisplayTimes) -> PersistentUploadOut:
    """A stored upload that stays."""
    return {
        "message": "文件上传成功",
        "file_id": file.id,
        "file_type": file.file_type,
        "file_size_mb": megabytes(file.size_bytes),
        "original_filename": file.original_name,
        "url": download_url(file.id, "persistent"),
        "saved_at": times.stamp(file.create_time),
    }


def temp_upload(file: files.File) -> TempUploadOut:
    """A stored upload that expires."""
    return {
        "message": "文件上传成功",
        "file_id": file.id,
        "filename": file.original_name,
        "size": file.size_bytes,
        "url": download_url(file.id, "temp"),
    }


def audio_info(file: files.File, times: DisplayTimes) -> AudioInfoOut:
    """The facts of an audio file."""
    return {
        "file_id": file.id,
        "file_size": file.size_bytes,
        "file_size_mb": megabytes(file.size_bytes),
        "format": extension_of(file.id) or extension_of(file.original_name),
        "exists": True,
        "created_at": times.stamp(file.create_time),
    }
