"""How a synthesis is accepted or refused."""

from __future__ import annotations

import asyncio
import math
import re

import pytest
from sqlalchemy import func, select

from kit.errors import InsufficientCredits, Invalid, RateLimited, Unauthenticated, Unavailable
from services.speech.store.tables import EVENT_TABLES, TASKS
from tests.rpc.speech.conftest import USER_LIMIT, World
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import synthesis_service_pb2 as messages
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import GetTaskRequest


def _request(
    request_id: str = "r-1",
    *,
    text: str = "你好，世界。",
    voice: str = "zhichu",
    audio_format: str | None = None,
    volume: int | None = None,
    speech_rate: float | None = None,
    pitch_rate: float | None = None,
) -> messages.CreateSynthesisRequest:
    return messages.CreateSynthesisRequest(
        request_id=request_id,
        text=text,
        voice=voice,
        format=audio_format,
        volume=volume,
        speech_rate=speech_rate,
        pitch_rate=pitch_rate,
    )


async def _task_count(world: World) -> int:
    return await world.database.read(lambda c: c.execute(select(func.count()).select_from(TASKS)).scalar_one())


async def _sent_subjects(world: World) -> list[str]:
    subject = EVENT_TABLES.outbox.c.subject
    return sorted(await world.database.read(lambda c: c.execute(select(subject)).scalars().all()))


async def test_an_accepted_task_is_queued_with_its_credits_held(world: World) -> None:
    with world.user(7):
        task = (await world.syntheses.CreateSynthesis(_request())).task
    assert re.fullmatch(r"tts_[a-z0-9]{26}", task.id)
    assert (task.state, task.kind) == (task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_KIND_TTS)
    assert (task.user_id, task.credits) == (7, 10)
    assert task.input["volume"] == 50
    assert task.input["format"] == "wav"
    assert await _sent_subjects(world) == ["evt.speech.task.queued", "work.speech.interactive"]
    asked = world.ledger.requests[0]
    assert (asked.request_id, asked.user_id, asked.feature_key) == (task.id, 7, "tts")
    assert asked.expires_in.seconds == 3600


@pytest.mark.parametrize(
    ("request_", "reason", "part_of_message"),
    [
        (_request(text=""), "FIELD_INVALID", "文本不能为空"),
        (_request(text="  \n"), "FIELD_INVALID", "文本不能为空"),
        (_request(text="好" * 5001), "FIELD_INVALID", "5000"),
        (_request(text="！？…🙂"), "TEXT_NOT_SPEAKABLE", "可朗读"),
        (_request(voice="nobody"), "VOICE_UNKNOWN", "nobody"),
        (_request(voice=""), "FIELD_INVALID", "音色"),
        (_request(audio_format="flac"), "AUDIO_FORMAT_UNSUPPORTED", "flac"),
        (_request(volume=101), "FIELD_INVALID", "音量"),
        (_request(volume=-1), "FIELD_INVALID", "音量"),
        (_request(speech_rate=0.4), "FIELD_INVALID", "语速"),
        (_request(speech_rate=math.nan), "FIELD_INVALID", "语速"),
        (_request(pitch_rate=2.1), "FIELD_INVALID", "音调"),
        (_request(""), "FIELD_INVALID", "请求编号"),
        (_request("r\x00"), "FIELD_INVALID", "请求编号"),
        (_request("r" * 129), "FIELD_INVALID", "请求编号"),
    ],
)
async def test_bad_requests_are_refused_before_anything_is_held(
    world: World, request_: messages.CreateSynthesisRequest, reason: str, part_of_message: str
) -> None:
    with world.user(), pytest.raises(Invalid) as refused:
        await world.syntheses.CreateSynthesis(request_)
    assert refused.value.reason_name == reason
    assert part_of_message in refused.value.message
    assert world.ledger.requests == []
    assert await _task_count(world) == 0


async def test_a_repeat_answers_the_same_task(world: World) -> None:
    with world.user():
        first = (await world.syntheses.CreateSynthesis(_request())).task
        again = (await world.syntheses.CreateSynthesis(_request())).task
    assert again == first
    assert len(world.ledger.holds) == 1


async def test_simultaneous_repeats_make_one_task_and_one_hold(world: World) -> None:
    with world.user():
        answers = await asyncio.gather(*[world.syntheses.CreateSynthesis(_request()) for _ in range(8)])
    assert len({answer.task.id for answer in answers}) == 1
    assert len(world.ledger.holds) == 1
    assert await _sent_subjects(world) == ["evt.speech.task.queued", "work.speech.interactive"]


async def test_another_body_under_the_same_id_is_refused(world: World) -> None:
    with world.user():
        await world.syntheses.CreateSynthesis(_request())
        with pytest.raises(Invalid) as refused:
            await world.syntheses.CreateSynthesis(_request(text="别的内容"))
    assert refused.value.reason_name == "IDEMPOTENCY_KEY_REUSED"
    assert len(world.ledger.holds) == 1


async def test_request_ids_are_personal(world: World) -> None:
    with world.user(7):
        first = (await world.syntheses.CreateSynthesis(_request())).task
    with world.user(8):
        second = (await world.syntheses.CreateSynthesis(_request(text="别的内容"))).task
    assert first.id != second.id


async def test_too_few_credits_end_the_task_and_reach_the_caller(world: World) -> None:
    world.ledger.available = 3
    with world.user(), pytest.raises(InsufficientCredits) as refused:
        await world.syntheses.CreateSynthesis(_request())
    assert (refused.value.required, refused.value.available) == (10, 3)
    task_id = world.ledger.requests[0].request_id
    task = (await world.tasks.GetTask(GetTaskRequest(task_id=task_id))).task
    assert task.state == task_pb2.TASK_STATE_FAILED
    assert task.error_reason == "CREDITS_INSUFFICIENT"
    assert await _sent_subjects(world) == ["evt.speech.task.failed"]


async def test_a_refused_request_may_be_repeated_once_there_are_credits(world: World) -> None:
    world.ledger.available = 3
    with world.user():
        with pytest.raises(InsufficientCredits):
            await world.syntheses.CreateSynthesis(_request())
        with pytest.raises(InsufficientCredits):
            await world.syntheses.CreateSynthesis(_request())
        world.ledger.available = 30
        task = (await world.syntheses.CreateSynthesis(_request())).task
        assert task.state == task_pb2.TASK_STATE_QUEUED
        assert (await world.syntheses.CreateSynthesis(_request())).task.id == task.id


@pytest.mark.parametrize("is_answer_lost", [False, True])
async def test_an_interrupted_request_is_continued(world: World, is_answer_lost: bool) -> None:
    world.ledger.is_answer_lost = is_answer_lost
    # No retry of the channel hides this one.
    world.ledger.failure = RateLimited(reasons.ERROR_REASON_TOO_MANY_REQUESTS, "请稍后重试")
    with world.user():
        with pytest.raises(RateLimited):
            await world.syntheses.CreateSynthesis(_request())
        task = (await world.syntheses.CreateSynthesis(_request())).task
    assert task.state == task_pb2.TASK_STATE_QUEUED
    assert list(world.ledger.holds) == [task.id]
    assert await _task_count(world) == 1


async def test_an_abandoned_request_is_ended_and_may_be_repeated(world: World) -> None:
    world.ledger.failure = RateLimited(reasons.ERROR_REASON_TOO_MANY_REQUESTS, "请稍后重试")
    with world.user():
        with pytest.raises(RateLimited):
            await world.syntheses.CreateSynthesis(_request())
        world.clock.advance(61)
        assert (await world.sweeper.step()).abandoned == 1
        assert await _sent_subjects(world) == ["evt.speech.task.failed"]
        task = (await world.syntheses.CreateSynthesis(_request())).task
    assert task.state == task_pb2.TASK_STATE_QUEUED
    assert await _task_count(world) == 2


async def test_a_user_fills_only_their_share_of_the_queue(world: World) -> None:
    with world.user(7):
        for number in range(USER_LIMIT):
            await world.syntheses.CreateSynthesis(_request(f"r-{number}"))
        with pytest.raises(RateLimited) as refused:
            await world.syntheses.CreateSynthesis(_request("one more"))
        repeated = await world.syntheses.CreateSynthesis(_request("r-0"))
    assert refused.value.reason_name == "QUEUE_FULL"
    assert refused.value.retry_after_s is not None
    assert repeated.task.state == task_pb2.TASK_STATE_QUEUED
    assert len(world.ledger.holds) == USER_LIMIT
    with world.user(8):
        await world.syntheses.CreateSynthesis(_request())


async def test_the_queue_is_bounded_in_all(world: World) -> None:
    for user_id in range(1, USER_LIMIT + 3):
        with world.user(user_id):
            await world.syntheses.CreateSynthesis(_request())
    with world.user(99), pytest.raises(RateLimited) as refused:
        await world.syntheses.CreateSynthesis(_request())
    assert refused.value.reason_name == "QUEUE_FULL"


async def test_finished_tasks_make_room(world: World) -> None:
    with world.user():
        for number in range(USER_LIMIT):
            await world.syntheses.CreateSynthesis(_request(f"r-{number}"))
        await world.work()
        assert (await world.syntheses.CreateSynthesis(_request("next"))).task.state == task_pb2.TASK_STATE_QUEUED


async def test_without_an_engine_nothing_is_accepted_and_repeats_still_answer(world: World) -> None:
    with world.user():
        known = (await world.syntheses.CreateSynthesis(_request())).task
        world.engine.report("package onnxruntime is not installed")
        with pytest.raises(Unavailable) as refused:
            await world.syntheses.CreateSynthesis(_request("r-2"))
        assert (await world.syntheses.CreateSynthesis(_request())).task.id == known.id
    assert refused.value.reason_name == "ENGINE_UNAVAILABLE"
    assert "onnxruntime" not in refused.value.message
    assert len(world.ledger.holds) == 1


async def test_anonymous_callers_are_refused(world: World) -> None:
    with pytest.raises(Unauthenticated):
        await world.syntheses.CreateSynthesis(_request())
