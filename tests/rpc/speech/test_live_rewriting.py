"""Rewrites that are read while they are written: pieces, the check of the result, readers who leave or repeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from sqlalchemy import select

from kit.engines import EngineBroken, InputRefused
from kit.errors import DomainError, InsufficientCredits, Invalid
from kit.rpc.streams import responses_of
from services.speech.store.tables import EVENT_TABLES
from services.speech.usecases.live_rewriting import DRAFT_PIECES
from tests.polling import eventually
from tests.rpc.speech.conftest import World
from voxreel.speech.v1 import text_service_pb2 as texts
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks

Responses = AsyncGenerator[texts.StreamRewriteResponse, None]


def _order(text: str = "一二三", request_id: str = "r-1") -> texts.RewriteOrder:
    return texts.RewriteOrder(request_id=request_id, text=text, mode=texts.REWRITE_MODE_AUTO)


@asynccontextmanager
async def _reading(world: World, order: texts.RewriteOrder) -> AsyncIterator[Responses]:
    with world.user():
        async with aclosing(
            responses_of(world.texts.StreamRewrite(texts.StreamRewriteRequest(rewrite=order)))
        ) as responses:
            yield responses


async def _read(world: World, order: texts.RewriteOrder | None = None) -> tuple[str, task_pb2.Task]:
    """What a reader has before them at the end, and the task."""
    async with _reading(world, order or _order()) as responses:
        return await _rest(responses)


async def _rest(responses: Responses) -> tuple[str, task_pb2.Task]:
    text = ""
    async for response in responses:
        match response.WhichOneof("event"):
            case "delta":
                text += response.delta
            case "restart":
                text = ""
            case "ended":
                return text, response.ended
    raise AssertionError("the stream ended without the task")


async def _task(world: World, task_id: str) -> task_pb2.Task:
    return (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task


async def _subjects(world: World) -> list[str]:
    subject = EVENT_TABLES.outbox.c.subject
    found = await world.database.read(lambda c: c.execute(select(subject)).scalars().all())
    return sorted(each for each in found if each.startswith("evt."))


async def test_the_pieces_are_the_text_and_it_is_paid_once(world: World) -> None:
    text, task = await _read(world)
    assert (text, task.output["rewritten_text"], task.state) == ("三二一", "三二一", task_pb2.TASK_STATE_SUCCEEDED)
    assert (task.output["engine"], list(task.output["warnings"])) == ("fake-quill", [])
    [request] = world.ledger.requests
    assert (request.feature_key, request.request_id) == ("llm_rewrite", task.id)
    assert await _subjects(world) == ["evt.speech.task.queued", "evt.speech.task.succeeded"]
    await world.work()  # the wake-up that it caused finds nothing to do
    assert len(world.jobs.rewriter.requests) == 1


async def test_a_piece_is_there_before_the_next_is_written(world: World) -> None:
    world.jobs.rewriter.is_held = True
    async with _reading(world, _order()) as responses:
        kinds = [(await anext(responses)).WhichOneof("event") for _ in range(3)]
        assert kinds == ["accepted", "delta", "delta"]
        world.jobs.rewriter.go_on.set()
        assert (await _rest(responses))[0] == "一"


async def test_what_was_lost_is_asked_for_once_more(world: World) -> None:
    rewriter = world.jobs.rewriter
    rewriter.attempts = ["今年见", "二〇二四年，2024年见"]
    text, task = await _read(world, _order("2024年见"))
    assert text == task.output["rewritten_text"] == "二〇二四年，2024年见"
    assert [request.must_keep for request in rewriter.requests] == [(), ("2024",)]
    assert list(task.output["warnings"]) == [] and task.output["completion_tokens"] == 8


async def test_what_stays_lost_is_told(world: World) -> None:
    world.jobs.rewriter.attempts = ["今年见", "明年见"]
    _, task = await _read(world, _order("2024年见"))
    assert list(task.output["warnings"]) == ["改写结果缺少原文内容：2024"]
    assert len(world.jobs.rewriter.requests) == 2


async def test_a_second_attempt_that_breaks_leaves_the_first(world: World) -> None:
    world.jobs.rewriter.attempts = ["今年见", EngineBroken("gone")]
    _, task = await _read(world, _order("2024年见"))
    assert (task.output["rewritten_text"], len(task.output["warnings"])) == ("今年见", 1)


@pytest.mark.parametrize(
    ("attempts", "reason"),
    [
        ([EngineBroken("gone")], "ENGINE_FAILED"),
        ([RuntimeError("a bug")], "ENGINE_FAILED"),
        (["", "  "], "ENGINE_FAILED"),
        ([InputRefused("不行")], "FIELD_INVALID"),
    ],
)
async def test_what_fails_ends_at_once_and_is_given_back(
    world: World, attempts: list[str | Exception], reason: str
) -> None:
    world.jobs.rewriter.attempts = attempts
    _, task = await _read(world)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, reason)
    assert "evt.speech.task.failed" in await _subjects(world)


async def test_a_reader_who_leaves_stops_the_engine_and_is_given_back(world: World) -> None:
    rewriter = world.jobs.rewriter
    rewriter.is_held = True
    async with _reading(world, _order()) as responses:
        accepted = (await anext(responses)).accepted
        await anext(responses)
    await eventually(lambda: rewriter.was_stopped, within_s=10)

    async def is_cancelled() -> bool:
        return (await _task(world, accepted.id)).state == task_pb2.TASK_STATE_CANCELLED

    await eventually(is_cancelled, within_s=10)
    assert await _subjects(world) == ["evt.speech.task.cancelled", "evt.speech.task.queued"]


async def test_an_owner_who_cancels_ends_the_stream(world: World) -> None:
    world.jobs.rewriter.is_held = True
    async with _reading(world, _order()) as responses:
        accepted = (await anext(responses)).accepted
        await anext(responses)
        await world.tasks.UpdateTask(tasks.UpdateTaskRequest(task_id=accepted.id, cancels=True))
        _, task = await _rest(responses)
    assert task.state == task_pb2.TASK_STATE_CANCELLED and world.jobs.rewriter.was_stopped


async def test_a_reader_who_does_not_read_holds_the_engine_up(world: World) -> None:
    rewriter = world.jobs.rewriter
    pieces = 400
    # Pieces of 60 kB, so that a few fill what the transport buffers.
    rewriter.piece_characters = 20_000
    rewriter.attempts = ["好" * rewriter.piece_characters * pieces]
    async with _reading(world, _order()) as responses:
        await anext(responses)
        looks: list[int] = []

        def has_stalled() -> bool:
            looks.append(rewriter.written)
            return looks[-10:] == [rewriter.written] * 10

        await eventually(has_stalled)
        assert DRAFT_PIECES <= rewriter.written < pieces / 2
    await eventually(lambda: rewriter.was_stopped, within_s=10)


async def test_a_repetition_gets_the_outcome_of_the_first(world: World) -> None:
    first, again = await _read(world), await _read(world)
    assert (first[0], first[1].id) == (again[0], again[1].id)
    assert len(world.jobs.rewriter.requests) == len(world.ledger.requests) == 1
    with pytest.raises(Invalid):
        await _read(world, _order("别的"))


async def test_a_second_reader_who_leaves_disturbs_nobody(world: World) -> None:
    world.jobs.rewriter.is_held = True
    async with _reading(world, _order()) as responses:
        accepted = (await anext(responses)).accepted
        await anext(responses)
        async with _reading(world, _order()) as others:
            assert (await anext(others)).accepted.id == accepted.id
        world.jobs.rewriter.go_on.set()
        assert (await _rest(responses))[1].state == task_pb2.TASK_STATE_SUCCEEDED


async def test_more_readers_than_places_take_turns(world: World) -> None:
    results = await asyncio.gather(*(_read(world, _order(request_id=f"r-{number}")) for number in range(4)))
    assert [text for text, _ in results] == ["三二一"] * 4


async def test_a_task_that_a_worker_has_taken_is_waited_for(world: World) -> None:
    task = await world.queue_rewrite("一二三")
    await world.work()
    text, ended = await _read(world)
    assert (text, ended.id, ended.state) == ("三二一", task.id, task_pb2.TASK_STATE_SUCCEEDED)


async def test_who_cannot_pay_reads_nothing(world: World) -> None:
    world.ledger.available = 0
    with pytest.raises(InsufficientCredits):
        await _read(world)
    assert world.jobs.rewriter.requests == []


async def test_strangers_and_broken_rules_are_refused(world: World) -> None:
    with pytest.raises(Invalid):
        await _read(world, _order(" "))
    with pytest.raises(DomainError) as refused:
        async for _ in responses_of(world.texts.StreamRewrite(texts.StreamRewriteRequest(rewrite=_order()))):
            pass
    assert refused.value.reason_name == "TOKEN_MISSING"
    assert world.ledger.requests == []


async def test_a_lost_process_leaves_the_task_to_the_next(world: World) -> None:
    """The lease of the process that wrote it runs out, and a worker does it."""
    task = await world.queue_rewrite("一二三")
    claimed = await world.units.write(lambda unit: unit.tasks.leases.claim(task.id, "dead#0", lease_s=30))
    assert claimed is not None
    world.clock.advance(31)
    assert (await world.sweeper.step()).expired == 1
    await world.work()
    assert (await _task(world, task.id)).state == task_pb2.TASK_STATE_SUCCEEDED
