"""Who is told about finished calls: metrics and the access log."""

from __future__ import annotations

from typing import Protocol

from kit.rpc.context import CallContext


class CallObserver(Protocol):
    """Told once of every call a server finished, in the event loop; must be cheap and must not raise."""

    def finished(self, method: str, code: int, seconds: float, call: CallContext) -> None:
        """`method` is the full path, `code` the numeric gRPC code."""
        ...

    def counted(self, method: str, seconds: float) -> None:
        """A call of a set that went well: many, short, and each known by the request it was made for."""
        ...

    def crashed(self, method: str, error: BaseException, call: CallContext) -> None:
        """A handler raised what no caller is meant to see."""
        ...


class SilentObserver:
    """Tells nobody."""

    def finished(self, method: str, code: int, seconds: float, call: CallContext) -> None:
        del method, code, seconds, call

    def counted(self, method: str, seconds: float) -> None:
        del method, seconds

    def crashed(self, method: str, error: BaseException, call: CallContext) -> None:
        del method, error, call
