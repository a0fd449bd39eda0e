"""One trace for a task, whoever works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kit.rpc.context import bind_call, current_call, unbind_call
from kit.tasks.model import Task


@contextmanager
def in_trace_of(task: Task) -> Iterator[None]:
    """What is done for a task outside of any trace belongs to the trace in which it was asked for: what a sweeper does,
    or a worker who found the task in its row and not by a wake-up."""
    call = current_call()
    bound = bind_call(call._replace(trace_parent=call.trace_parent or task.trace_parent))
    try:
        yield
    finally:
        unbind_call(bound)
