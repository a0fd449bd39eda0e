"""Events of tasks settle holds once, whatever is delivered twice."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.billing.workers.settlement import SettlementHandler
from tests.store.billing.conftest import USER, Billing, reservation
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskQueued, TaskSucceeded


def event(billing: Billing, payload: Message) -> EventEnvelope:
    source = EventSource("speech", RandomIds(), billing.clock)
    return EventEnvelope.FromString(source.event("evt.speech.task.ended", payload, user_id=USER).body)


@pytest.mark.parametrize(
    ("end", "available"),
    [
        (TaskSucceeded(task_id="t-1", user_id=USER), 90),
        (TaskFailed(task_id="t-1", user_id=USER), 100),
        (TaskCancelled(task_id="t-1", user_id=USER), 100),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_the_end_of_a_task_settles_its_hold_once(billing: Billing, end: Message, available: int) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(reservation("t-1"))
    handler = SettlementHandler(billing.writer)
    delivered = event(billing, end)
    for repeated in (delivered, delivered, event(billing, end)):
        await handler([repeated])
    balance = await billing.balance()
    assert (balance.available, balance.held) == (available, 0)
    assert len([subject for subject in await billing.event_subjects() if ".hold." in subject]) == 1


async def test_a_contradicting_end_moves_nothing(billing: Billing) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(reservation("t-1"))
    handler = SettlementHandler(billing.writer)
    await handler([event(billing, TaskFailed(task_id="t-1", user_id=USER))])
    await handler([event(billing, TaskSucceeded(task_id="t-1", user_id=USER))])
    assert (await billing.balance()).available == 100


async def test_an_event_that_ends_no_task_is_an_error(billing: Billing) -> None:
    handler = SettlementHandler(billing.writer)
    with pytest.raises(KeyError):
        await handler([event(billing, TaskQueued(task_id="t-1", user_id=USER))])
