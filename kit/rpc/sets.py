"""Methods that answer many calls of one batch with one piece of work.

A servicer's ordinary method serves one call. Where a set costs hardly more than one, such as reads by key and
commits, it gets a second method that takes all such calls of a batch, and the first one is `alone` of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from kit.errors import DomainError, Unauthenticated
from kit.rpc.context import CallContext, Principal, current_call
from kit.values import value
from voxreel.common.v1 import error_reason_pb2 as reasons

Q = TypeVar("Q")
R = TypeVar("R")
T = TypeVar("T")

Outcome: TypeAlias = R | DomainError
"""What a call ends with. Within a set a refusal is a value, so that it is nobody else's."""


@value
class CallInSet(Generic[Q]):
    """One call of a set: its request, and who calls under which id."""

    request: Q
    context: CallContext

    @property
    def principal(self) -> Principal:
        """The calling user. Raises Unauthenticated when there is none; methods for users have one."""
        if self.context.principal is None:
            raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
        return self.context.principal


SetMethod: TypeAlias = Callable[[Sequence[CallInSet[Any]]], Awaitable[Sequence[Any]]]
"""Answers one Outcome per call, in their order. What it raises is the outcome of every call."""


async def alone(method: Callable[[Sequence[CallInSet[Q]]], Awaitable[Sequence[Outcome[R]]]], request: Q) -> R:
    """The current call served as a set of one. Raises what its outcome is."""
    (outcome,) = await method([CallInSet(request, current_call())])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def answers(results: Iterable[T | DomainError], respond: Callable[[T], R]) -> list[Outcome[R]]:
    """Responses to what calls ended with, and refusals as they are."""
    return [result if isinstance(result, DomainError) else respond(result) for result in results]
