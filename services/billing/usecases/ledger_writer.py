"""The one door through which credits move."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Self, TypeVar

import structlog
from sqlalchemy.exc import IntegrityError

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import Conflict, DomainError, Internal
from services.billing.domain.commands import Command, check
from services.billing.domain.errors import concurrent_update
from services.billing.metrics import LedgerMeasures
from services.billing.store.uow import BillingUnit
from services.billing.usecases.group_commit import GroupCommit
from services.billing.usecases.ledger_work import LedgerWork, Result, Submission

R = TypeVar("R", bound=Result)

_ATTEMPTS_ALONE = 3

_log = structlog.get_logger(__name__)


class LedgerWriter:
    """Commits the commands of all callers in groups; one group at a time is in the database.

    Leaving its context waits until everything queued is done.
    """

    def __init__(
        self, units: Units[BillingUnit], work: LedgerWork, clock: Clock, *, measures: LedgerMeasures | None = None
    ) -> None:
        self._units = units
        self._work = work
        self._clock = clock
        self._measures = measures
        self._groups: GroupCommit[Submission, Result] = GroupCommit(self._commit)

    async def perform(self, submissions: Sequence[Submission]) -> list[Result]:
        """What the commands end with, in their order; they are durable then. Raises RateLimited."""
        problems = [_problem(submission.command) for submission in submissions]
        sound = [submission for submission, problem in zip(submissions, problems, strict=True) if problem is None]
        done = iter(await self._groups.perform(sound))
        return [next(done) if problem is None else problem for problem in problems]

    async def perform_as(self, kind: type[R], submissions: Sequence[Submission]) -> list[R | DomainError]:
        """The same for commands that all answer results of one kind."""
        answers: list[R | DomainError] = []
        for result in await self.perform(submissions):
            assert isinstance(result, kind | DomainError), f"these commands answer {kind.__name__}"
            answers.append(result)
        return answers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._groups.close()

    async def _commit(self, group: Sequence[Submission]) -> Sequence[Result]:
        """Never raises, so that nobody pays for another's command."""
        start = time.monotonic()
        results, outcome = await self._results(group)
        if self._measures is not None:
            self._measures.committed(len(group), outcome, time.monotonic() - start)
        return results

    async def _results(self, group: Sequence[Submission]) -> tuple[Sequence[Result], str]:
        """What the commands end with, and a word for how they were committed."""
        if len(group) > 1:
            try:
                return await self._together(group), "together"
            except (Conflict, IntegrityError):
                # Another replica came in between.
                pass
            except DomainError as error:
                # The database is gone or too much waits: that is no command's fault.
                return [error.copy() for _ in group], "refused"
            except Exception as error:
                _log.warning("ledger_group_failed", commands=len(group), error=type(error).__name__)
        return [await self._alone(submission) for submission in group], "alone"

    async def _together(self, group: Sequence[Submission]) -> list[Result]:
        return await self._units.write(lambda unit: self._work.run(unit, group, self._clock.now()))

    async def _alone(self, submission: Submission) -> Result:
        failure: Exception = concurrent_update()
        for _ in range(_ATTEMPTS_ALONE):
            try:
                (result,) = await self._together([submission])
            except (Conflict, IntegrityError) as error:
                # A rival was faster; the next attempt sees what it wrote.
                failure = error
            except DomainError as error:
                return error
            except Exception as error:
                failure = error
                break
            else:
                return result
        if isinstance(failure, Conflict):
            return concurrent_update()
        # A constraint that still refuses is no rival's doing, and trying again later would not help.
        if self._measures is not None:
            self._measures.failed()
        _log.error(
            "ledger_command_failed",
            command=type(submission.command).__name__,
            error=type(failure).__name__,
            exc_info=failure,
        )
        return Internal()


def _problem(command: Command) -> DomainError | None:
    try:
        check(command)
    except DomainError as error:
        return error
    return None
