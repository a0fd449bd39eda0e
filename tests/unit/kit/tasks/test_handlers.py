"""What an exception of a handler means for its task."""

from __future__ import annotations

import pytest

from kit.errors import Conflict, DomainError, Internal, Invalid, Unavailable
from kit.tasks.handlers import Again, Refused, RetryableError, outcome_of_error
from voxreel.common.v1 import error_reason_pb2 as reasons


def test_a_refusal_ends_the_task_with_its_reason() -> None:
    error = Invalid(reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE, "文本无法朗读")
    assert outcome_of_error(error) == Refused(reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE, "文本无法朗读")


def test_a_missing_engine_ends_the_task_too() -> None:
    outcome = outcome_of_error(Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "引擎不可用"))
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize(
    "error",
    [
        Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "服务暂时不可用"),
        Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "请重试"),
        Internal(),
    ],
)
def test_trouble_of_a_peer_means_another_attempt(error: DomainError) -> None:
    assert isinstance(outcome_of_error(error), Again)


def test_a_bug_means_another_attempt_and_shows_no_text() -> None:
    assert outcome_of_error(KeyError("secret")) == Again("KeyError")


def test_a_retryable_error_may_set_the_pause() -> None:
    assert outcome_of_error(RetryableError("provider busy", delay_s=7)) == Again("provider busy", 7)
