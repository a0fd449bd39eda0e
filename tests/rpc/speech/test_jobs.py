"""Recognition, cloning and rewriting: accepted, paid, done by engines registered here, refused and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy import select

from kit.engines import EngineBroken, InputRefused
from kit.errors import DomainError, Invalid, NotFound, Precondition, Unavailable
from kit.rpc.streams import responses_of
from services.speech.media.refusals import no_audio_track
from services.speech.store.tables import EVENT_TABLES
from tests.polling import eventually
from tests.rpc.speech.conftest import World
from voxreel.speech.v1 import recognition_service_pb2 as recognition
from voxreel.speech.v1 import text_service_pb2 as texts
from voxreel.speech.v1 import voice_service_pb2 as voices
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks

Order = Callable[[World, str], Awaitable[task_pb2.Task]]


async def _recognize(world: World, request_id: str = "r-1") -> task_pb2.Task:
    file_id = world.audio_store.put_source("temp_1.wav", b"12345678")
    request = recognition.CreateRecognitionRequest(request_id=request_id, file_id=file_id)
    return (await world.recognitions.CreateRecognition(request)).task


async def _clone(world: World, request_id: str = "r-1") -> task_pb2.Task:
    file_id = world.audio_store.put_source("sample.mp3", b"abc")
    request = voices.CreateVoiceCloneRequest(request_id=request_id, file_id=file_id, prefix="user_a", target_model="x")
    return (await world.voices.CreateVoiceClone(request)).task


async def _rewrite(world: World, request_id: str = "r-1") -> task_pb2.Task:
    return await _get(world, (await world.queue_rewrite("一二三", request_id)).id)


ORDERS: tuple[tuple[Order, str, str], ...] = (
    (_recognize, "recognizer", "asr_recognize"),
    (_clone, "cloner", "voice_clone"),
    (_rewrite, "rewriter", "llm_rewrite"),
)


async def _get(world: World, task_id: str) -> task_pb2.Task:
    return (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task


async def _subjects(world: World) -> list[str]:
    subject = EVENT_TABLES.outbox.c.subject
    return sorted(await world.database.read(lambda c: c.execute(select(subject)).scalars().all()))


@pytest.mark.parametrize(("order", "_slot", "feature"), ORDERS)
async def test_an_order_is_paid_by_its_feature_and_repeats_are_one(
    world: World, order: Order, _slot: str, feature: str
) -> None:
    with world.user():
        first, again = await order(world, "r-1"), await order(world, "r-1")
    assert first.id == again.id and first.id.startswith("task_")
    assert first.state == task_pb2.TASK_STATE_QUEUED
    [request] = world.ledger.requests
    assert (request.feature_key, request.request_id, request.user_id) == (feature, first.id, 7)


@pytest.mark.parametrize(("order", "slot", "_feature"), ORDERS)
async def test_without_an_engine_nothing_is_recorded_or_held(
    world: World, order: Order, slot: str, _feature: str
) -> None:
    world.jobs.problems[slot] = ("model is missing",)
    await world.directory.step()
    with world.user(), pytest.raises(Unavailable) as refused:
        await order(world, "r-1")
    assert refused.value.reason_name == "ENGINE_UNAVAILABLE"
    assert (world.ledger.requests, await _subjects(world)) == ([], [])


@pytest.mark.parametrize(("order", "slot", "_feature"), ORDERS)
async def test_an_engine_lost_after_the_hold_fails_the_task(
    world: World, order: Order, slot: str, _feature: str
) -> None:
    with world.user():
        task = await order(world, "r-1")
    world.jobs.problems[slot] = ("model is missing",)
    await world.directory.step()
    await world.work()
    failed = await _get(world, task.id)
    assert (failed.state, failed.error_reason) == (task_pb2.TASK_STATE_FAILED, "ENGINE_UNAVAILABLE")
    # Billing gives the hold back for this event.
    assert "evt.speech.task.failed" in await _subjects(world)


async def test_a_recognition_hears_the_file(world: World) -> None:
    with world.user():
        task = await _recognize(world)
    await world.work()
    done = await _get(world, task.id)
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    output = MessageToDict(done.output)
    assert (output["text"], output["language"], output["duration_ms"]) == ("好" * 8, "zh", 800)
    assert output["sentences"][0]["words"][1] == {"text": "好", "begin_ms": 100, "end_ms": 200}
    assert world.jobs.recognizer.heard == [b"12345678"]


async def test_the_same_bytes_again_are_the_same_request(world: World) -> None:
    with world.user():
        first = await _recognize(world)
        for file_id, content in (("temp_2.wav", b"12345678"), ("temp_3.wav", b"others")):
            world.audio_store.put_source(file_id, content)
        again = recognition.CreateRecognitionRequest(request_id="r-1", file_id="temp_2.wav")
        assert (await world.recognitions.CreateRecognition(again)).task.id == first.id
        other = recognition.CreateRecognitionRequest(request_id="r-1", file_id="temp_3.wav")
        with pytest.raises(Invalid) as refused:
            await world.recognitions.CreateRecognition(other)
    assert refused.value.reason_name == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("failure", "state", "reason"),
    [
        (InputRefused("文件中没有声音"), task_pb2.TASK_STATE_FAILED, "FIELD_INVALID"),
        (no_audio_track(), task_pb2.TASK_STATE_FAILED, "AUDIO_TRACK_MISSING"),
        (EngineBroken("worker died"), task_pb2.TASK_STATE_QUEUED, ""),
    ],
)
async def test_what_an_engine_refuses_fails_and_what_breaks_is_tried_again(
    world: World, failure: Exception, state: task_pb2.TaskState.ValueType, reason: str
) -> None:
    world.jobs.recognizer.failures.append(failure)
    with world.user():
        task = await _recognize(world)
    await world.work()
    seen = await _get(world, task.id)
    assert (seen.state, seen.error_reason) == (state, reason)


@pytest.mark.parametrize(
    ("file_id", "owner", "kind", "reason"),
    [
        ("temp_1.wav", 8, NotFound, "FILE_NOT_FOUND"),
        ("missing.wav", 7, NotFound, "FILE_NOT_FOUND"),
        ("text.txt", 7, Invalid, "FILE_TYPE_UNSUPPORTED"),
        ("", 7, Invalid, "FIELD_INVALID"),
    ],
)
async def test_files_that_cannot_be_heard(
    world: World, file_id: str, owner: int, kind: type[DomainError], reason: str
) -> None:
    if file_id != "missing.wav":
        world.audio_store.put_source(file_id, b"1", user_id=owner)
    with world.user(), pytest.raises(kind) as refused:
        await world.recognitions.CreateRecognition(
            recognition.CreateRecognitionRequest(request_id="r-1", file_id=file_id)
        )
    assert refused.value.reason_name == reason
    assert world.ledger.requests == []


async def test_a_rewrite_is_written(world: World) -> None:
    with world.user():
        task = await _rewrite(world)
    await world.work()
    output = (await _get(world, task.id)).output
    assert (output["rewritten_text"], output["model"], output["completion_tokens"]) == ("三二一", "quill-1", 4)


@pytest.mark.parametrize(
    "request_",
    [
        texts.RewriteOrder(request_id="r", text=" ", mode=texts.REWRITE_MODE_AUTO),
        texts.RewriteOrder(request_id="r", text="好" * 5001, mode=texts.REWRITE_MODE_AUTO),
        texts.RewriteOrder(request_id="r", text="好"),
        texts.RewriteOrder(request_id="r", text="好", mode=texts.REWRITE_MODE_CUSTOM),
        texts.RewriteOrder(request_id="r", text="好", mode=texts.REWRITE_MODE_AUTO, length_ratio=3.5),
        texts.RewriteOrder(request_id="r", text="好", mode=texts.REWRITE_MODE_AUTO, length_ratio=float("nan")),
    ],
)
async def test_rewrites_that_break_a_rule(world: World, request_: texts.RewriteOrder) -> None:
    with world.user(), pytest.raises(Invalid):
        async for _ in responses_of(world.texts.StreamRewrite(texts.StreamRewriteRequest(rewrite=request_))):
            pass
    assert world.ledger.requests == []


async def test_models_are_those_of_a_usable_engine(world: World) -> None:
    listed = (await world.texts.ListLanguageModels(texts.ListLanguageModelsRequest())).models
    assert [model.id for model in listed] == ["quill-1"]
    world.jobs.problems["rewriter"] = ("gone",)
    await world.directory.step()
    assert not (await world.texts.ListLanguageModels(texts.ListLanguageModelsRequest())).models


async def _voice_ids(world: World) -> list[str]:
    request = voices.ListClonedVoicesRequest(page_size=10)
    return [voice.id for voice in (await world.voices.ListClonedVoices(request)).voices]


async def test_a_cloned_voice_is_its_owners_and_administrators(world: World) -> None:
    with world.user():
        task = await _clone(world)
    await world.work()
    done = await _get(world, task.id)
    voice_id = done.output["voice_id"]
    assert (done.output["target_model"], world.jobs.cloner.samples) == ("parrot-1", [b"abc"])
    request = voices.GetVoiceRequest(voice_id=voice_id)
    with world.user(7):
        mine = (await world.voices.GetVoice(request)).cloned
        assert await _voice_ids(world) == [voice_id]
    with world.user(1, is_admin=True):
        assert (await world.voices.GetVoice(request)).cloned == mine
    assert (mine.prefix, mine.owner_user_id, mine.sample_file_id) == ("user_a", 7, "sample.mp3")
    assert await _voice_ids(world) == []
    with pytest.raises(NotFound), world.user(8):
        await world.voices.GetVoice(request)


async def test_a_new_sample_costs_nothing_and_keeps_the_owner(world: World) -> None:
    with world.user():
        task = await _clone(world)
    await world.work()
    voice_id = (await _get(world, task.id)).output["voice_id"]
    world.audio_store.put_source("better.wav", b"abcdef")
    update = voices.UpdateVoiceRequest(request_id="r-2", voice_id=voice_id, file_id="better.wav")
    with world.user(1, is_admin=True):
        updating = (await world.voices.UpdateVoice(update)).task
    await world.work()
    with world.user(7):
        voice = (await world.voices.GetVoice(voices.GetVoiceRequest(voice_id=voice_id))).cloned
    assert (voice.owner_user_id, voice.sample_file_id, updating.credits) == (7, "better.wav", 0)
    assert len(world.ledger.requests) == 1
    (renewed,) = [each for each in await _subjects(world) if each.startswith("evt.speech.voice.")]
    assert renewed == "evt.speech.voice.renewed"
    delete = voices.DeleteVoiceRequest(voice_id=voice_id)
    with world.user(1, is_admin=True):
        await world.voices.DeleteVoice(delete)
        with pytest.raises(NotFound):
            await world.voices.DeleteVoice(delete)
        with pytest.raises(NotFound):
            await world.voices.UpdateVoice(
                voices.UpdateVoiceRequest(request_id="r-3", voice_id=voice_id, file_id="better.wav")
            )
    assert (await _subjects(world)).count("evt.speech.voice.deleted") == 1


async def test_cancelling_stops_the_engine_and_publishes_nothing(world: World) -> None:
    world.jobs.cloner.is_held = True
    with world.user():
        task = await _clone(world)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(world.work())
        await eventually(lambda: bool(world.jobs.cloner.samples))
        with world.user():
            update = tasks.UpdateTaskRequest(task_id=task.id, cancels=True, error_message="不要了")
            seen = (await world.tasks.UpdateTask(update)).task
    assert world.jobs.cloner.was_stopped
    assert (seen.state, seen.error_message) == (task_pb2.TASK_STATE_CANCELLED, "不要了")
    with world.user():
        assert await _voice_ids(world) == []
    subjects = await _subjects(world)
    assert "evt.speech.task.cancelled" in subjects and "evt.speech.task.succeeded" not in subjects


async def test_a_voice_deleted_while_it_learns_stays_deleted(world: World) -> None:
    with world.user():
        task = await _clone(world)
    await world.work()
    voice_id = (await _get(world, task.id)).output["voice_id"]
    with world.user(1, is_admin=True):
        world.audio_store.put_source("better.wav", b"abcdef")
        await world.voices.UpdateVoice(
            voices.UpdateVoiceRequest(request_id="r-2", voice_id=voice_id, file_id="better.wav")
        )
        await world.voices.DeleteVoice(voices.DeleteVoiceRequest(voice_id=voice_id))
        await world.work()
        assert await _voice_ids(world) == []
    assert "evt.speech.voice.renewed" not in await _subjects(world)


async def _try_to_cancel(world: World, task_id: str) -> task_pb2.TaskState.ValueType:
    """The state in which the owner is told that the task has ended."""
    with world.user():
        try:
            await world.tasks.UpdateTask(tasks.UpdateTaskRequest(task_id=task_id, cancels=True))
        except Precondition:
            return task_pb2.TASK_STATE_SUCCEEDED
    return task_pb2.TASK_STATE_CANCELLED


async def _race(world: World, number: int, *, head_start: int) -> task_pb2.TaskState.ValueType:
    """Cancels a task while its engine ends; the engine ends after so many turns of the loop."""
    cloner = world.jobs.cloner
    cloner.go_on, cloner.is_held, before = asyncio.Event(), True, len(cloner.samples)
    with world.user():
        task = await _clone(world, f"r-{number}")
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(world.work())
        await eventually(lambda: len(cloner.samples) > before)
        cancelling = group.create_task(_try_to_cancel(world, task.id))
        for _ in range(head_start):
            await asyncio.sleep(0)
        cloner.go_on.set()
    with world.user():
        is_published = task.input["voice_id"] in await _voice_ids(world)
    assert (await _get(world, task.id)).state == cancelling.result()
    assert is_published == (cancelling.result() == task_pb2.TASK_STATE_SUCCEEDED)
    return cancelling.result()


async def test_of_cancelling_and_finishing_exactly_one_wins(world: World) -> None:
    outcomes = [await _race(world, number, head_start=number * 4) for number in range(8)]
    ends = [each.rpartition(".")[2] for each in await _subjects(world)]
    assert ends.count("cancelled") == outcomes.count(task_pb2.TASK_STATE_CANCELLED)
    assert ends.count("succeeded") == outcomes.count(task_pb2.TASK_STATE_SUCCEEDED)
    assert len(outcomes) == 8


async def test_a_task_deleted_while_it_runs_is_gone_and_given_back(world: World) -> None:
    world.jobs.cloner.is_held = True
    with world.user():
        task = await _clone(world)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(world.work())
        await eventually(lambda: bool(world.jobs.cloner.samples))
        with world.user():
            await world.tasks.DeleteTask(tasks.DeleteTaskRequest(task_id=task.id))
    assert world.jobs.cloner.was_stopped
    with pytest.raises(NotFound):
        await _get(world, task.id)
    assert "evt.speech.task.cancelled" in await _subjects(world)
