"""From tasks of the services to the platform dialect, which spells their states in three ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from edge.aggregates.task_lists import VIDEO_KINDS
from edge.display import DisplayTimes
from edge.platform_api.models.tasks import (
    AudioResultOut,
    RecognitionResultOut,
    RecognizedPartOut,
    SpeechTaskOut,
    SpokenSentenceOut,
    TaskOut,
    TaskProgressOut,
    TextResultOut,
    VideoTaskOut,
    VoiceResultOut,
)
from edge.platform_api.render import download_url, megabytes
from kit.rpc.structs import plain
from voxreel.task.v1 import task_pb2 as tasks

_Plain: TypeAlias = Mapping[str, Any]
_State: TypeAlias = tasks.TaskState.ValueType
_CANCELLED = "任务已取消"
_RENDER_SOURCES = ("video", "audio", "ref_image")
_DESCRIBED_CHARACTERS = 100
# Rendered tasks that are kept: together a few megabytes at most.
_REMEMBERED, _REMEMBERED_BYTES = 512, 4096

_SPEECH_STATES: Mapping[_State, str] = MappingProxyType(
    {
        tasks.TASK_STATE_SUCCEEDED: "completed",
        tasks.TASK_STATE_FAILED: "failed",
        tasks.TASK_STATE_CANCELLED: "failed",
    }
)
LIST_STATES: Mapping[_State, str] = MappingProxyType(
    {
        tasks.TASK_STATE_NEW: "PENDING",
        tasks.TASK_STATE_QUEUED: "PENDING",
        tasks.TASK_STATE_RUNNING: "RUNNING",
        tasks.TASK_STATE_SUCCEEDED: "COMPLETED",
        tasks.TASK_STATE_FAILED: "FAILED",
        tasks.TASK_STATE_CANCELLED: "FAILED",
    }
)
"""As `/api/tasks` spells them."""
_VIDEO_STATES: Mapping[_State, str] = MappingProxyType(
    {state: "SUCCEEDED" if name == "COMPLETED" else name for state, name in LIST_STATES.items()}
)
_WAITING: Mapping[str, str] = MappingProxyType({"PENDING": "任务排队中", "RUNNING": "任务处理中"})
_TITLES: Mapping[tasks.TaskKind.ValueType, str] = MappingProxyType(
    {
        tasks.TASK_KIND_TTS: "语音合成任务",
        tasks.TASK_KIND_ASR: "语音识别任务",
        tasks.TASK_KIND_VIDEO: "视频生成任务",
        tasks.TASK_KIND_CHROMA_KEY: "绿幕背景替换任务",
        tasks.TASK_KIND_VOICE_CLONE: "音色克隆任务",
        tasks.TASK_KIND_LLM: "文本仿写任务",
    }
)
_DONE: Mapping[tasks.TaskKind.ValueType, str] = MappingProxyType(
    {tasks.TASK_KIND_VIDEO: "视频生成完成", tasks.TASK_KIND_CHROMA_KEY: "绿幕背景替换完成"}
)


def task_error(task: tasks.Task) -> str:
    """Why nothing came of a task, for anybody; empty when there is nothing to tell."""
    if task.state == tasks.TASK_STATE_CANCELLED:
        return _CANCELLED
    if task.state == tasks.TASK_STATE_FAILED:
        return task.error_message or "任务处理失败"
    return ""


def _error_message(task: tasks.Task) -> str | None:
    return task.error_message or task_error(task) or None


def _completed_at(task: tasks.Task, times: DisplayTimes) -> str | None:
    return times.stamp(task.finish_time) if task.HasField("finish_time") else None


def status_of(task: tasks.Task) -> str:
    """The state as `/api/tasks` spells it."""
    return LIST_STATES.get(task.state, "PENDING")


def task_progress(task: tasks.Task, times: DisplayTimes) -> TaskProgressOut:
    """How far a task is, in the words of `/api/tasks`."""
    return {
        "id": task.id,
        "status": status_of(task),
        "progress": task.progress,
        "current_step": task.stage,
        "error_message": _error_message(task),
        "updated_at": times.stamp(task.update_time),
        "completed_at": _completed_at(task, times),
    }


def listed_task(task: tasks.Task, times: DisplayTimes) -> TaskOut:
    """A task as its owner and administrators see it."""
    given = plain(task.input)
    reply: TaskOut = {
        "id": task.id,
        "task_type": tasks.TaskKind.Name(task.kind).removeprefix("TASK_KIND_"),
        "status": status_of(task),
        "title": _TITLES.get(task.kind, "任务"),
        "description": _description(task.kind, given),
        "input_data": _shown_input(task.kind, given),
        "output_data": _shown_output(task) if task.HasField("output") else None,
        "progress": task.progress,
        "current_step": task.stage,
        "error_message": _error_message(task),
        "created_at": times.stamp(task.create_time),
        "updated_at": times.stamp(task.update_time),
        "completed_at": _completed_at(task, times),
    }
    if task.HasField("user_id"):
        reply["user_id"] = task.user_id
    return reply


def followed_task(task: tasks.Task, times: DisplayTimes) -> SpeechTaskOut | VideoTaskOut:
    """A task as `/api/task/{id}` spells it, where clients ask again and again until it has ended."""
    content = task.SerializeToString()
    return _remembered(content, times) if len(content) <= _REMEMBERED_BYTES else _followed(task, times)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(content: bytes, times: DisplayTimes) -> SpeechTaskOut | VideoTaskOut:
    """By all that its owner answered, so it is never another answer than that."""
    return _followed(tasks.Task.FromString(content), times)


def _followed(task: tasks.Task, times: DisplayTimes) -> SpeechTaskOut | VideoTaskOut:
    return video_task(task, times) if task.kind in VIDEO_KINDS else speech_task(task, times)


def speech_task(task: tasks.Task, times: DisplayTimes) -> SpeechTaskOut:
    """A task of speech as `/api/task/{id}` spells it; neither what was asked nor by whom."""
    has_result = task.state == tasks.TASK_STATE_SUCCEEDED
    reply: SpeechTaskOut = {
        "task_id": task.id,
        "status": _SPEECH_STATES.get(task.state, "processing"),
        "progress": task.progress,
        "result": _RESULTS.get(task.kind, _audio_result)(plain(task.output)) if has_result else None,
        "created_at": times.stamp(task.create_time),
        "completed_at": _completed_at(task, times),
    }
    error = task_error(task)
    if error:
        reply["error"] = error
    return reply


def video_status(task: tasks.Task) -> tuple[str, str]:
    """State and message as the endpoints of video spell them."""
    status = _VIDEO_STATES.get(task.state, "PENDING")
    done = _DONE.get(task.kind, "任务已完成")
    return status, task_error(task) or _WAITING.get(status, done)


def video_task(task: tasks.Task, times: DisplayTimes) -> VideoTaskOut:
    """A video task as `/api/task/{id}` spells it."""
    status, message = video_status(task)
    file_id = str(plain(task.output).get("file_id", ""))
    reply: VideoTaskOut = {
        "task_id": task.id,
        "status": status,
        "message": message,
        "progress": task.progress,
        "video_url": download_url(file_id, "persistent") if file_id else None,
        "created_at": times.stamp(task.create_time),
        "completed_at": _completed_at(task, times),
    }
    error = task_error(task)
    if error:
        reply["error"] = error
    return reply


def _audio_result(output: _Plain) -> AudioResultOut:
    file_id = str(output.get("file_id", ""))
    return {
        "file_id": file_id,
        "file_size_mb": megabytes(output.get("file_size_bytes", 0)),
        "format": str(output.get("format", "")),
        "duration_ms": output.get("duration_ms", 0),
        "url": download_url(file_id, "persistent"),
        "sentences": [_spoken(sentence) for sentence in output.get("sentences", ())],
    }


def _spoken(sentence: _Plain) -> SpokenSentenceOut:
    """Only whoever may read what was asked for is given the text and its words, where the engine has times of them."""
    shown: SpokenSentenceOut = {"begin_time": sentence["begin_ms"], "end_time": sentence["end_ms"]}
    if "text" in sentence:
        shown["text"] = sentence["text"]
    if "words" in sentence:
        shown["words"] = [_part(word) for word in sentence["words"]]
    return shown


def _recognition_result(output: _Plain) -> RecognitionResultOut:
    return {
        "text": output["text"],
        "language": output["language"],
        "duration": output["duration_ms"],
        "sentences": [
            {**_part(sentence), "words": [_part(word) for word in sentence["words"]]}
            for sentence in output["sentences"]
        ],
    }


def _part(part: _Plain) -> RecognizedPartOut:
    return {"begin_time": part["begin_ms"], "end_time": part["end_ms"], "text": part["text"]}


def _voice_result(output: _Plain) -> VoiceResultOut:
    return {"voice_id": output["voice_id"], "target_model": output["target_model"]}


def _text_result(output: _Plain) -> TextResultOut:
    return {
        "rewritten_text": output["rewritten_text"],
        "model": output["model"],
        "warnings": output.get("warnings", []),
    }


_RESULTS: Mapping[
    tasks.TaskKind.ValueType,
    Callable[[_Plain], AudioResultOut | RecognitionResultOut | VoiceResultOut | TextResultOut],
] = MappingProxyType(
    {
        tasks.TASK_KIND_ASR: _recognition_result,
        tasks.TASK_KIND_VOICE_CLONE: _voice_result,
        tasks.TASK_KIND_LLM: _text_result,
    }
)


def _description(kind: tasks.TaskKind.ValueType, given: _Plain) -> str:
    match kind:
        case tasks.TASK_KIND_TTS:
            text = f"合成文本：{given.get('text', '')}"
        case tasks.TASK_KIND_ASR:
            text = f"识别文件：{given.get('filename', '')}"
        case tasks.TASK_KIND_VOICE_CLONE:
            text = f"音色前缀：{given.get('prefix', '')}"
        case tasks.TASK_KIND_LLM:
            text = f"仿写文本：{given.get('text', '')}"
        case _:
            video = given.get("video", {})
            text = f"视频文件：{video.get('file_id') or video.get('url', '')}"
    return text if len(text) <= _DESCRIBED_CHARACTERS else text[: _DESCRIBED_CHARACTERS - 1] + "…"


def _shown_input(kind: tasks.TaskKind.ValueType, given: _Plain) -> _Plain:
    """What was asked, by the names of the request."""
    match kind:
        case tasks.TASK_KIND_VIDEO if given:
            return {
                "video_file_id": given["video"]["file_id"],
                "audio_file_id": given["audio"]["file_id"],
                "ref_image_file_id": given["ref_image"]["file_id"] or None,
                **_urls(given, {name: f"{name}_url" for name in _RENDER_SOURCES}),
                "video_extension": given["is_video_extended"],
            }
        case tasks.TASK_KIND_CHROMA_KEY if given:
            return {
                "video_file_id": given["video"]["file_id"],
                "background_image_file_id": given["background"]["file_id"],
                **_urls(given, {"video": "video_url", "background": "background_image_url"}),
                "chroma_key_color": given["color"],
                "chroma_key_similarity": given["similarity"],
                "chroma_key_blend": given["blend"],
            }
        case tasks.TASK_KIND_ASR:
            return {name: value for name, value in given.items() if name in ("file_id", "filename")}
        case tasks.TASK_KIND_VOICE_CLONE:
            return {name: value for name, value in given.items() if name in ("file_id", "prefix", "target_model")}
    return given


def _urls(given: _Plain, names: Mapping[str, str]) -> dict[str, str]:
    """The sources that were named by URL, as the request calls them."""
    return {shown: given[name]["url"] for name, shown in names.items() if given[name].get("url")}


def _shown_output(task: tasks.Task) -> _Plain:
    """What came of it; sizes in the unit of the contract stand beside the bytes."""
    output = plain(task.output)
    if task.kind == tasks.TASK_KIND_ASR:
        return _recognition_result(output)
    if "file_size_bytes" in output:
        output = {**output, "file_size_mb": megabytes(output["file_size_bytes"])}
    if "sentences" in output:
        output = {**output, "sentences": [_spoken(sentence) for sentence in output["sentences"]]}
    return output
