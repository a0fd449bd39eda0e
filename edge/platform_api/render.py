"""From messages of the services to the platform dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from google.protobuf.struct_pb2 import Struct

from edge.display import DisplayTimes
from edge.platform_api.models.files import PersistentUploadOut, TempUploadOut
from edge.platform_api.models.speech import AudioInfoOut
from edge.platform_api.models.tasks import AudioResultOut, SpeechTaskOut, VideoTaskOut
from edge.platform_api.models.users import ProfileOut
from voxreel.auth.v1 import user_pb2
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.task.v1 import task_pb2 as tasks

_MIB = 1024 * 1024

_SPEECH_STATES: Mapping[tasks.TaskState.ValueType, str] = MappingProxyType(
    {
        tasks.TASK_STATE_SUCCEEDED: "completed",
        tasks.TASK_STATE_FAILED: "failed",
        tasks.TASK_STATE_CANCELLED: "failed",
    }
)
_VIDEO_STATES: Mapping[tasks.TaskState.ValueType, str] = MappingProxyType(
    {
        tasks.TASK_STATE_NEW: "PENDING",
        tasks.TASK_STATE_QUEUED: "PENDING",
        tasks.TASK_STATE_RUNNING: "RUNNING",
        tasks.TASK_STATE_SUCCEEDED: "SUCCEEDED",
        tasks.TASK_STATE_FAILED: "FAILED",
        tasks.TASK_STATE_CANCELLED: "FAILED",
    }
)
_VIDEO_MESSAGES: Mapping[str, str] = MappingProxyType(
    {"PENDING": "任务排队中", "RUNNING": "任务处理中", "SUCCEEDED": "任务已完成"}
)


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


def speech_task(task: tasks.Task, times: DisplayTimes) -> SpeechTaskOut:
    """A TTS task as `/api/task/{id}` spells it; neither text nor owner."""
    reply: SpeechTaskOut = {
        "task_id": task.id,
        "status": _SPEECH_STATES.get(task.state, "processing"),
        "progress": task.progress,
        "result": _audio_result(task.output) if task.state == tasks.TASK_STATE_SUCCEEDED else None,
        "created_at": times.stamp(task.create_time),
        "completed_at": times.stamp(task.finish_time) if task.HasField("finish_time") else None,
    }
    error = _task_error(task)
    if error:
        reply["error"] = error
    return reply


def video_task(task: tasks.Task, times: DisplayTimes) -> VideoTaskOut:
    """A video task as `/api/task/{id}` spells it."""
    status = _VIDEO_STATES.get(task.state, "PENDING")
    error = _task_error(task)
    file_id = _text(task.output, "file_id")
    reply: VideoTaskOut = {
        "task_id": task.id,
        "status": status,
        "message": error or _VIDEO_MESSAGES[status],
        "progress": task.progress,
        "video_url": download_url(file_id, "persistent") if file_id else None,
        "created_at": times.stamp(task.create_time),
        "completed_at": times.stamp(task.finish_time) if task.HasField("finish_time") else None,
    }
    if error:
        reply["error"] = error
    return reply


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


def _audio_result(output: Struct) -> AudioResultOut:
    file_id = _text(output, "file_id")
    return {
        "file_id": file_id,
        "file_size_mb": megabytes(_number(output, "file_size_bytes")),
        "format": _text(output, "format"),
        "duration_ms": round(_number(output, "duration_ms")),
        "url": download_url(file_id, "persistent"),
    }


def _task_error(task: tasks.Task) -> str:
    if task.state == tasks.TASK_STATE_CANCELLED:
        return "任务已取消"
    if task.state == tasks.TASK_STATE_FAILED:
        return task.error_message or "任务处理失败"
    return ""


def _text(output: Struct, key: str) -> str:
    return output.fields[key].string_value if key in output.fields else ""


def _number(output: Struct, key: str) -> float:
    return output.fields[key].number_value if key in output.fields else 0.0
