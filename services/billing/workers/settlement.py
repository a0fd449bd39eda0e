"""Settles holds when their tasks end, however often and in whatever order the broker tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from kit.db.uow import Units
from services.billing.store.uow import BillingUnit
from services.billing.usecases.hold_book import HoldBook, Settlement, TaskOutcome
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1 import events_pb2

DURABLE: Final = "billing--settlement"
SUBJECTS: Final = ("evt.*.task.succeeded", "evt.*.task.failed", "evt.*.task.cancelled")

TaskEnd = events_pb2.TaskSucceeded | events_pb2.TaskFailed | events_pb2.TaskCancelled
_OUTCOMES: Mapping[str, tuple[type[TaskEnd], TaskOutcome]] = {
    message.DESCRIPTOR.full_name: (message, outcome)
    for message, outcome in (
        (events_pb2.TaskSucceeded, TaskOutcome.SUCCEEDED),
        (events_pb2.TaskFailed, TaskOutcome.NOT_DONE),
        (events_pb2.TaskCancelled, TaskOutcome.NOT_DONE),
    )
}

_log = structlog.get_logger(__name__)


class SettlementHandler:
    """Handles the events of `SUBJECTS`."""

    def __init__(self, units: Units[BillingUnit], book: HoldBook) -> None:
        self._units = units
        self._book = book

    async def __call__(self, envelope: EventEnvelope) -> None:
        """Applies the event once. Raises KeyError for a type that is none of a task's ends."""
        message, outcome = _OUTCOMES[envelope.type]
        end = message.FromString(envelope.payload)
        settlement = await self._units.write(lambda unit: self._apply(unit, envelope.id, end=end, outcome=outcome))
        if settlement is Settlement.CONTRADICTED:
            _log.error("hold_settled_otherwise", task_id=end.task_id, task_event=envelope.type)
        elif settlement is Settlement.BURIED:
            _log.info("hold_never_made", task_id=end.task_id, task_event=envelope.type)

    def _apply(self, unit: BillingUnit, event_id: str, *, end: TaskEnd, outcome: TaskOutcome) -> Settlement:
        if not unit.inbox.first_time(DURABLE, event_id):
            return Settlement.REPEATED
        return self._book.end_task(unit, end.task_id, user_id=end.user_id, outcome=outcome)
