"""Callers of billing who ask for everything until it is answered, and remember what was."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from kit.errors import DeadlineExceeded, Unavailable
from services.billing.domain.journal import TransactionKind, recharge_key, reserve_key, settle_key
from tests.rpc.billing.conftest import ADMIN
from voxreel.billing.v1 import ledger_service_pb2 as pb
from voxreel.billing.v1 import ledger_service_pb2_grpc

R = TypeVar("R")

USERS = (7, 8, 9)
_MOST_CREDITS = 20
_RECHARGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Effect:
    """What a transaction is to have done to what its user can spend."""

    kind: TransactionKind
    user_id: int
    credits: int


@dataclass
class Load:
    """Many callers at once. `answered` maps the request keys of acknowledged requests to what they did.

    `is_up` is clear while nobody answers; callers wait for it before they ask again. Once `is_ending` is set, each
    ends the task at hand, and no other.
    """

    ledgers: Sequence[ledger_service_pb2_grpc.LedgerServiceAsyncStub]
    seed: int
    answered: dict[str, Effect] = field(default_factory=dict)
    unanswered: int = 0
    is_up: asyncio.Event = field(default_factory=asyncio.Event)
    is_ending: asyncio.Event = field(default_factory=asyncio.Event)
    has_answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def recharge(self) -> None:
        """Gives every user more than the load can spend. Needs an administrator's token in the call context."""
        for user_id in USERS:
            request = pb.RechargeCreditsRequest(request_id=f"r-{user_id}", user_id=user_id, credits=_RECHARGE)
            await self.ledgers[0].RechargeCredits(request)
            effect = Effect(TransactionKind.RECHARGE, user_id, _RECHARGE)
            self._note(recharge_key(ADMIN, request.request_id), effect)

    async def run(self, callers: int) -> None:
        """Ends when all callers have ended."""
        async with asyncio.TaskGroup() as group:
            for caller in range(callers):
                group.create_task(self._caller(caller))

    async def _caller(self, caller: int) -> None:
        rng = random.Random(f"{self.seed}-{caller}")
        ledger = self.ledgers[caller % len(self.ledgers)]
        for number in count():
            if self.is_ending.is_set():
                return
            await self._life_of_a_task(ledger, f"t-{caller}-{number}", rng)

    async def _life_of_a_task(
        self, ledger: ledger_service_pb2_grpc.LedgerServiceAsyncStub, task_id: str, rng: random.Random
    ) -> None:
        user_id, credits = rng.choice(USERS), rng.randint(1, _MOST_CREDITS)
        asked = pb.ReserveCreditsRequest(request_id=task_id, user_id=user_id, feature_key="tts", credits=credits)
        asked.expires_in.seconds = 3600
        hold = (await self._until_answered(lambda: ledger.ReserveCredits(asked))).hold
        self._note(reserve_key(task_id), Effect(TransactionKind.RESERVE, user_id, -credits))
        if rng.random() < 0.5:
            release = pb.ReleaseHoldRequest(hold_id=hold.id)
            await self._until_answered(lambda: ledger.ReleaseHold(release))
            self._note(settle_key(hold.id), Effect(TransactionKind.RELEASE, user_id, credits))
        else:
            capture = pb.CaptureHoldRequest(hold_id=hold.id, credits=rng.randint(0, credits))
            await self._until_answered(lambda: ledger.CaptureHold(capture))
            effect = Effect(TransactionKind.CAPTURE, user_id, credits - capture.credits)
            self._note(settle_key(hold.id), effect)

    async def _until_answered(self, call: Callable[[], Awaitable[R]]) -> R:
        while True:
            await self.is_up.wait()
            try:
                return await call()
            except (Unavailable, DeadlineExceeded):
                self.unanswered += 1

    def _note(self, request_key: str, effect: Effect) -> None:
        assert request_key not in self.answered, "one request is answered once"
        self.answered[request_key] = effect
        self.has_answered.set()
