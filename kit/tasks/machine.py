"""The life of a task, in one table. Everything that moves a task asks here first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kit.tasks.model import TaskState


class Transition(StrEnum):
    """What can happen to a task."""

    # Its credits are held.
    QUEUE = "queue"
    # A worker took it.
    CLAIM = "claim"
    # The worker stopped, died or wants another attempt.
    REQUEUE = "requeue"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states a transition is allowed, and where it leads."""

    sources: frozenset[TaskState]
    target: TaskState


class IllegalTransition(Exception):
    """The task is in a state that does not allow this."""


_NEW, _QUEUED, _RUNNING = TaskState.NEW, TaskState.QUEUED, TaskState.RUNNING
RULES: Mapping[Transition, Rule] = MappingProxyType(
    {
        Transition.QUEUE: Rule(frozenset({_NEW}), _QUEUED),
        Transition.CLAIM: Rule(frozenset({_QUEUED}), _RUNNING),
        Transition.REQUEUE: Rule(frozenset({_RUNNING}), _QUEUED),
        Transition.SUCCEED: Rule(frozenset({_RUNNING}), TaskState.SUCCEEDED),
        Transition.FAIL: Rule(frozenset({_NEW, _QUEUED, _RUNNING}), TaskState.FAILED),
        Transition.CANCEL: Rule(frozenset({_NEW, _QUEUED, _RUNNING}), TaskState.CANCELLED),
    }
)
TERMINAL = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED})


def next_state(state: TaskState, transition: Transition) -> TaskState:
    """The state after the transition. Raises IllegalTransition."""
    rule = RULES[transition]
    if state not in rule.sources:
        raise IllegalTransition(f"{transition} is not allowed in {state}")
    return rule.target


def is_terminal(state: TaskState) -> bool:
    """True when nothing can happen any more."""
    return state in TERMINAL
