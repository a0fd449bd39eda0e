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


async def test_a_peer_that_comes_back_answers() -> None:
    peer = FakePeer(3)
    assert await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget()) == "answer"
    assert peer.attempts == 4


async def test_six_attempts_and_no_more() -> None:
    peer = FakePeer(99)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget())
    assert peer.attempts == 6


async def test_the_deadline_forbids_a_pause() -> None:
    peer = FakePeer(99)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=0.01, budget=RetryBudget())
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
        await with_retries(peer, "ask", timeout_s=10, budget=RetryBudget())
    assert peer.attempts == 1


async def test_an_empty_budget_forbids_retries_until_successes_refill_it() -> None:
    budget = RetryBudget()
    while budget.take():
        pass
    peer = FakePeer(1)
    with pytest.raises(Unavailable):
        await with_retries(peer, "ask", timeout_s=10, budget=budget)
    for _ in range(10):
        budget.succeeded()
    assert await with_retries(FakePeer(1), "ask", timeout_s=10, budget=budget) == "answer"
