"""Retries end: with an answer, the last attempt, the deadline or the budget."""

from __future__ import annotations

import pytest

from kit.errors import NotFound, Unavailable
from kit.rpc.retry import RetryBudget, with_retries
from kit.rpc.status import service_unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakePeer:
    """Fails as often as told, then answers."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self._failures = failures
        self._error = error
        self.attempts = 0

    async def __call__(self, _message: str, _left_s: float) -> str:
        self.attempts += 1
        if self.attempts <= self._failures:
            raise self._error or service_unavailable()
        return "answer"


class FakeConnection:
    """A peer that is back at once, or never."""

    def __init__(self, *, comes_back: bool = True) -> None:
        self._comes_back = comes_back
        self.answers = 0

    def answered(self) -> None:
        self.answers += 1

    async def is_back(self, _timeout_s: float) -> bool:
        return self._comes_back


async def test_a_peer_that_stays_away_costs_no_budget() -> None:
    peer, budget = FakePeer(99), RetryBudget()
    for _ in range(20):
        with pytest.raises(Unavailable):
            await with_retries(peer, "ask", timeout_s=10, budget=budget, connection=FakeConnection(comes_back=False))
    assert peer.attempts == 20
    connection = FakeConnection()
    assert await with_retries(FakePeer(5), "ask", timeout_s=10, budget=budget, connection=connection) == "answer"
    assert connection.answers == 1


async def test_a_peer_that_comes_back_answers() -> None:
    peer = FakePeer(3)
    assert await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget(), connection=FakeConnection()) == "answer"
    assert peer.attempts == 4


async def test_six_attempts_and_no_more() -> None:
    peer = FakePeer(99)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget(), connection=FakeConnection())
    assert peer.attempts == 6


async def test_the_deadline_forbids_a_pause() -> None:
    peer = FakePeer(99)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=0.01, budget=RetryBudget(), connection=FakeConnection())
    assert peer.attempts == 1


@pytest.mark.parametrize(
    "error",
    [
        NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在"),
        Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音引擎不可用"),
    ],
)
async def test_answers_are_not_repeated(error: Exception) -> None:
    peer = FakePeer(99, error)
    with pytest.raises(type(error)):
        await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget(), connection=FakeConnection())
    assert peer.attempts == 1


async def test_an_empty_budget_forbids_retries_until_successes_refill_it() -> None:
    budget = RetryBudget()
    while budget.take():
        pass
    peer = FakePeer(1)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=10, budget=budget, connection=FakeConnection())
    for _ in range(10):
        budget.succeeded()
    assert await with_retries(FakePeer(1), "ask", timeout_s=10, budget=budget, connection=FakeConnection()) == "answer"
