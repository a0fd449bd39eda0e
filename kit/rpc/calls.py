"""The chain every served call passes, whether it came alone or in a batch.

Context, then deadline, then authorization, then the handler, inside an error boundary that lets out nothing but
DomainErrors, and one report to the observer.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from kit.errors import DomainError, Forbidden, Internal, Unauthenticated
from kit.observability.tracing import Span, Tracer, end_call, start_call
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.rpc.deadline import Deadlines, TaskDeadline
from kit.rpc.observer import CallObserver
from kit.rpc.policy import MethodRule
from kit.rpc.sets import CallInSet, SetMethod
from kit.rpc.status import deadline_exceeded
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.common.v1 import method_policy_pb2 as policy

R = TypeVar("R")

# The answer needs time to travel back before the caller gives up.
_DEADLINE_MARGIN_S = 0.02
_SHORTEST_CALL_S = 0.05
_CANCELLED = 1


class GivenCall(NamedTuple):
    """One call of a set as it arrived: not admitted yet."""

    request: Any
    context: CallContext
    service_token: str
    time_left_s: float


class CallChain:
    """Serves calls by the rules of their methods. Made in the event loop that serves."""

    def __init__(
        self,
        *,
        verifier: TokenVerifier,
        service_tokens: Sequence[str],
        observer: CallObserver,
        tracer: Tracer | None = None,
    ) -> None:
        self._verifier = verifier
        self._service_tokens = tuple(token.encode() for token in service_tokens if token)
        self._observer = observer
        self._tracer = tracer
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)

    def admit(self, rule: MethodRule, call: CallContext, service_token: str, allowed_s: float) -> CallContext:
        """The call with its deadline and its principal. Raises when it is too late or not allowed."""
        if rule.access == policy.ACCESS_UNSPECIFIED:
            raise Forbidden(reasons.ERROR_REASON_METHOD_NOT_LISTED, "该接口未开放")
        if allowed_s < _SHORTEST_CALL_S - _DEADLINE_MARGIN_S:
            raise deadline_exceeded()
        principal = None
        if call.access_token:
            try:
                principal = self._verifier.verify(call.access_token)
            except Unauthenticated:
                if rule.access in (policy.ACCESS_USER, policy.ACCESS_ADMIN):
                    raise
        admitted = CallContext(
            call.request_id,
            call.trace_parent,
            call.caller,
            call.access_token,
            principal,
            bool(service_token) and self._is_service_token(service_token),
            time.monotonic() + allowed_s,
        )
        _authorize(rule, admitted)
        return admitted

    async def serve(
        self,
        rule: MethodRule,
        call: CallContext,
        service_token: str,
        time_left_s: float | None,
        handler: Callable[[], Awaitable[R]],
    ) -> R:
        """Runs a handler as a call. Raises DomainError only; cancellation passes."""
        start = time.monotonic()
        code, span = _CANCELLED, None
        if self._tracer is not None:
            span = start_call(self._tracer, rule.path, parent=call.trace_parent)
            call = call._replace(trace_parent=span.trace_parent)
        try:
            given_s = rule.timeout_s if time_left_s is None else min(time_left_s, rule.timeout_s)
            allowed_s = given_s - _DEADLINE_MARGIN_S
            call = self.admit(rule, call, service_token, allowed_s)
            result = await self._within(allowed_s, call, handler)
            code = 0
            return result
        except DomainError as error:
            code = error.grpc_code
            raise
        except Exception as error:
            self._observer.crashed(rule.path, error, call)
            code = Internal.grpc_code
            raise Internal from error
        finally:
            self._observer.finished(rule.path, code, time.monotonic() - start, call)
            if span is not None:
                end_call(span, code)

    async def serve_set(self, rule: MethodRule, given: Sequence[GivenCall], method: SetMethod) -> list[Any]:
        """Runs one piece of work for many calls; answers an Outcome for each. Only cancellation is raised.

        The work has the time of the most patient call; a less patient caller gives up by itself.
        """
        start = time.monotonic()
        outcomes: list[Any] = [None] * len(given)
        spans: Sequence[Span] = ()
        if self._tracer is not None:
            given, spans = _traced_set(self._tracer, rule, given)
        contexts = [one.context for one in given]
        try:
            places, allowed_s = self._admit_set(rule, given, contexts, outcomes)
            calls = [CallInSet(given[place].request, contexts[place]) for place in places]
            for place, outcome in zip(places, await self._set_outcomes(rule, calls, allowed_s, method), strict=True):
                outcomes[place] = outcome
            return outcomes
        finally:
            seconds = time.monotonic() - start
            for context, outcome in zip(contexts, outcomes, strict=True):
                self._report(rule, _code_of(outcome), seconds, context)
            for span, outcome in zip(spans, outcomes, strict=False):
                end_call(span, _code_of(outcome))

    def _report(self, rule: MethodRule, code: int, seconds: float, context: CallContext) -> None:
        if code == 0:
            self._observer.counted(rule.path, seconds)
        else:
            self._observer.finished(rule.path, code, seconds, context)

    def _admit_set(
        self, rule: MethodRule, given: Sequence[GivenCall], contexts: list[CallContext], outcomes: list[Any]
    ) -> tuple[list[int], float]:
        """Places of the calls that may be served, and the longest time allowed in seconds."""
        places, longest_s = [], 0.0
        for place, one in enumerate(given):
            allowed_s = min(one.time_left_s, rule.timeout_s) - _DEADLINE_MARGIN_S
            try:
                contexts[place] = self.admit(rule, one.context, one.service_token, allowed_s)
            except DomainError as error:
                outcomes[place] = error
                continue
            places.append(place)
            longest_s = max(longest_s, allowed_s)
        return places, longest_s

    async def _set_outcomes(
        self, rule: MethodRule, calls: Sequence[CallInSet[Any]], allowed_s: float, method: SetMethod
    ) -> Sequence[Any]:
        if not calls:
            return ()
        # Nobody's identity: work for many must not be taken for the work of one. What is found by is the first one's.
        first = calls[0].context
        frame = CallContext(first.request_id, first.trace_parent, deadline=time.monotonic() + allowed_s)
        try:
            return await self._within(allowed_s, frame, lambda: method(calls))
        except DomainError as error:
            return [error.copy() for _ in calls]
        except Exception as error:
            self._observer.crashed(rule.path, error, frame)
            return [Internal() for _ in calls]

    async def _within(self, allowed_s: float, call: CallContext, handler: Callable[[], Awaitable[R]]) -> R:
        bound = bind_call(call)
        deadline = TaskDeadline(self._loop, self._loop.time() + allowed_s)
        self._deadlines.add(deadline)
        try:
            return await handler()
        except asyncio.CancelledError:
            if deadline.has_passed():
                raise deadline_exceeded() from None
            raise
        finally:
            self._deadlines.discard(deadline)
            unbind_call(bound)

    def _is_service_token(self, given: str) -> bool:
        sent = given.encode()
        return any(hmac.compare_digest(sent, accepted) for accepted in self._service_tokens)


def _traced_set(
    tracer: Tracer, rule: MethodRule, given: Sequence[GivenCall]
) -> tuple[Sequence[GivenCall], Sequence[Span]]:
    """The calls of a set with a span of its own each: their traces are not the same."""
    spans = [start_call(tracer, rule.path, parent=one.context.trace_parent) for one in given]
    traced = [
        one._replace(context=one.context._replace(trace_parent=span.trace_parent))
        for one, span in zip(given, spans, strict=True)
    ]
    return traced, spans


def _code_of(outcome: object) -> int:
    if outcome is None:
        return _CANCELLED
    return outcome.grpc_code if isinstance(outcome, DomainError) else 0


def _authorize(rule: MethodRule, call: CallContext) -> None:
    access = rule.access
    if access == policy.ACCESS_PUBLIC:
        return
    if access == policy.ACCESS_INTERNAL:
        if not call.is_internal:
            raise Forbidden(reasons.ERROR_REASON_INTERNAL_ONLY, "该接口仅供内部服务使用")
        return
    if call.principal is None:
        raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
    if access == policy.ACCESS_ADMIN and not call.principal.is_admin:
        raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
