"""Settles holds when their tasks end, however often and in whatever order the broker tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from kit.errors import DomainError
from kit.events.envelope import call_of_event
from services.billing.domain.commands import EndTask, Settlement, TaskOutcome
from services.billing.usecases.ledger_work import SETTLEMENT_CONSUMER, Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1 import events_pb2

DURABLE: Final = SETTLEMENT_CONSUMER
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

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Applies each event once. Raises KeyError for a type that is none of a task's ends, and DomainError."""
        ends = [_end_told_by(envelope) for envelope in envelopes]
        calls = map(call_of_event, envelopes)
        results = await self._writer.perform([Submission(*asked) for asked in zip(ends, calls, strict=True)])
        for envelope, end, result in zip(envelopes, ends, results, strict=True):
            if isinstance(result, DomainError):
                raise result
            if result is Settlement.CONTRADICTED:
                _log.error("hold_settled_otherwise", task_id=end.task_id, task_event=envelope.type)
            elif result is Settlement.BURIED:
                _log.info("hold_never_made", task_id=end.task_id, task_event=envelope.type)


def _end_told_by(envelope: EventEnvelope) -> EndTask:
    message, outcome = _OUTCOMES[envelope.type]
    end = message.FromString(envelope.payload)
    return EndTask(envelope.id, end.task_id, end.user_id, outcome)
