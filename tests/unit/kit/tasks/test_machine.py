"""The life of a task as a table."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tasks.machine import RULES, TERMINAL, IllegalTransition, Transition, is_terminal, next_state
from kit.tasks.model import TaskState

_HAPPY_WAY = (
    (Transition.QUEUE, TaskState.QUEUED),
    (Transition.CLAIM, TaskState.RUNNING),
    (Transition.REQUEUE, TaskState.QUEUED),
    (Transition.CLAIM, TaskState.RUNNING),
    (Transition.SUCCEED, TaskState.SUCCEEDED),
)


def test_the_way_of_a_task_that_needs_two_attempts() -> None:
    state = TaskState.NEW
    for transition, expected in _HAPPY_WAY:
        state = next_state(state, transition)
        assert state is expected


@given(st.lists(st.sampled_from(Transition), max_size=40))
def test_terminal_is_final_and_success_needs_a_worker(transitions: list[Transition]) -> None:
    state, history = TaskState.NEW, [TaskState.NEW]
    for transition in transitions:
        try:
            following = next_state(state, transition)
        except IllegalTransition:
            assert is_terminal(state) or state not in RULES[transition].sources
            continue
        assert not is_terminal(state)
        state = following
        history.append(state)
    if TaskState.SUCCEEDED in history:
        assert history[-2:] == [TaskState.RUNNING, TaskState.SUCCEEDED]
    assert all(TaskState.QUEUED in history[:index] for index, at in enumerate(history) if at is TaskState.RUNNING)


@given(st.sampled_from(sorted(set(TaskState) - TERMINAL)))
def test_every_unfinished_task_can_be_ended(state: TaskState) -> None:
    assert next_state(state, Transition.FAIL) is TaskState.FAILED
    assert next_state(state, Transition.CANCEL) is TaskState.CANCELLED


@pytest.mark.parametrize(("state", "transition"), list(product(sorted(TERMINAL), Transition)))
def test_nothing_leaves_a_terminal_state(state: TaskState, transition: Transition) -> None:
    with pytest.raises(IllegalTransition):
        next_state(state, transition)
