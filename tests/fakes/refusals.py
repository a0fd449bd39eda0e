"""Lets a test make a fake servicer refuse calls, and see with what context calls arrived."""

from __future__ import annotations

from kit.rpc.context import CallContext, current_call


class Refusals:
    """Errors to raise by method name, and the calls that came."""

    def __init__(self) -> None:
        self.by_method: dict[str, Exception] = {}
        self.calls: list[tuple[str, CallContext]] = []

    def enter(self, method: str) -> None:
        """Called first in every method of a fake: notes the call, raises what the test asked for."""
        self.calls.append((method, current_call()))
        if method in self.by_method:
            raise self.by_method[method]

    def last(self, method: str) -> CallContext:
        """The context of the latest call of a method."""
        return next(call for name, call in reversed(self.calls) if name == method)
