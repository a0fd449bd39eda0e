"""Results of recognition and synthesis as files of captions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.platform_api.captions import captions
from tests.edge.platform import Platform
from voxreel.task.v1 import task_pb2

SENTENCES = (
    {"begin_ms": 0, "end_ms": 1_999, "text": "你好，世界。"},
    {"begin_ms": 3_725_004, "end_ms": 3_726_000, "text": "3 < 4 --> 5 & so\n\non"},
    {"begin_ms": 3_726_000, "end_ms": 3_727_000, "text": " "},
)
SRT = (
    "1\n00:00:00,000 --> 00:00:01,999\n你好，世界。\n\n"
    "2\n01:02:05,004 --> 01:02:06,000\n3 < 4 → 5 & so on\n\n"
)  # fmt: skip
VTT = (
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.999\n你好，世界。\n\n"
    "01:02:05.004 --> 01:02:06.000\n3 &lt; 4 --&gt; 5 &amp; so on\n\n"
)


def test_captions_are_numbered_timed_and_harmless() -> None:
    srt, vtt = captions("task_1", SENTENCES, "srt"), captions("task_1", SENTENCES, "vtt")
    assert (srt.name, srt.media_type, srt.text) == ("task_1.srt", "application/x-subrip", SRT)
    assert (vtt.name, vtt.media_type, vtt.text) == ("task_1.vtt", "text/vtt", VTT)


def test_words_have_their_times_in_webvtt_alone() -> None:
    times = ((0, "3"), (400, "4"), (400, "5"), (300, "so"), (800, "on"), (950, "else"), (1_000, "on"))
    words = [{"begin_ms": 3_725_004 + offset, "end_ms": 0, "text": text} for offset, text in times]
    sentence = {**SENTENCES[1], "words": words}

    [*_, cue] = captions("task_1", [sentence], "vtt").text.strip().splitlines()

    assert cue == "3 &lt; <01:02:05.404>4 --&gt; 5 &amp; so <01:02:05.804>on"
    assert "<01" not in captions("task_1", [sentence], "srt").text


def test_without_words_there_are_no_captions() -> None:
    assert captions("task_1", (), "srt").text == ""
    assert captions("task_1", (), "vtt").text == "WEBVTT\n\n"


def _put(
    platform: Platform,
    kind: task_pb2.TaskKind.ValueType,
    state: task_pb2.TaskState.ValueType = task_pb2.TASK_STATE_SUCCEEDED,
) -> str:
    prefix = "tts" if kind == task_pb2.TASK_KIND_TTS else "task"
    task = task_pb2.Task(id=f"{prefix}_1", kind=kind, state=state, user_id=platform.user.id)
    task.create_time.FromDatetime(datetime(2026, 1, 1, tzinfo=UTC))
    if state == task_pb2.TASK_STATE_SUCCEEDED:
        task.output.update({"sentences": [{**sentence, "words": []} for sentence in SENTENCES]})
    platform.speech.tasks.put(task)
    return f"/api/task/{task.id}"


@pytest.mark.parametrize("kind", [task_pb2.TASK_KIND_ASR, task_pb2.TASK_KIND_TTS])
@pytest.mark.parametrize(
    ("query", "media_type", "text"), [("srt", "application/x-subrip", SRT), ("vtt", "text/vtt", VTT)]
)
async def test_both_kinds_of_task_as_both_kinds_of_file(
    platform: Platform, kind: task_pb2.TaskKind.ValueType, query: str, media_type: str, text: str
) -> None:
    path = _put(platform, kind)
    async with platform.client.get(f"{path}?format={query}", headers=platform.bearer()) as response:
        assert response.status == 200
        assert await response.text() == text
        assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].endswith(f'.{query}"')
        assert response.headers["X-Request-Id"]


async def test_what_a_file_says_is_the_result_and_what_was_spoken_is_the_owners(platform: Platform) -> None:
    async with platform.client.get(_put(platform, task_pb2.TASK_KIND_ASR) + "?format=srt") as response:
        assert (response.status, await response.text()) == (200, SRT)
    path = _put(platform, task_pb2.TASK_KIND_TTS) + "?format=srt"
    for headers, status in (({}, 401), (platform.bearer(platform.admin), 200)):
        async with platform.client.get(path, headers=headers) as response:
            assert response.status == status


@pytest.mark.parametrize(
    ("kind", "state", "query", "status"),
    [
        (task_pb2.TASK_KIND_LLM, task_pb2.TASK_STATE_SUCCEEDED, "srt", 400),
        (task_pb2.TASK_KIND_ASR, task_pb2.TASK_STATE_RUNNING, "vtt", 400),
        (task_pb2.TASK_KIND_ASR, task_pb2.TASK_STATE_FAILED, "vtt", 400),
        (task_pb2.TASK_KIND_ASR, task_pb2.TASK_STATE_SUCCEEDED, "ass", 422),
    ],
)
async def test_refusals(
    platform: Platform,
    kind: task_pb2.TaskKind.ValueType,
    state: task_pb2.TaskState.ValueType,
    query: str,
    status: int,
) -> None:
    path = _put(platform, kind, state)
    async with platform.client.get(f"{path}?format={query}", headers=platform.bearer()) as response:
        assert response.status == status
        assert set(await response.json()) == {"detail"}
