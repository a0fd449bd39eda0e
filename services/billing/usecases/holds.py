"""Holding credits for tasks, taking them and giving them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import DomainError
from kit.rpc.context import CallContext
from services.billing.domain.commands import Capture, Release
from services.billing.domain.holds import Hold, Reservation
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What is asked of a hold, and the call that asks."""

    command: Reservation | Capture | Release
    call: CallContext


class Holds:
    """Sets of requests; a refusal is a value among their results."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    async def perform(self, requests: Sequence[HoldRequest]) -> list[Hold | DomainError]:
        """The holds as they are after the requests, in their order.

        A refusal is Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), NotFound (FEATURE_NOT_FOUND, HOLD_NOT_FOUND),
        InsufficientCredits or Precondition (HOLD_SETTLED).
        """
        results: list[Hold | DomainError | None] = [_problem(request) for request in requests]
        places = [place for place, problem in enumerate(results) if problem is None]
        submissions = [Submission(requests[place].command, requests[place].call) for place in places]
        for place, result in zip(places, await self._writer.perform(submissions), strict=True):
            assert isinstance(result, Hold | DomainError), "these commands answer holds"
            results[place] = result
        return [result for result in results if result is not None]


def _problem(request: HoldRequest) -> DomainError | None:
    if isinstance(request.command, Reservation):
        try:
            request.command.check()
        except DomainError as error:
            return error
    return None
