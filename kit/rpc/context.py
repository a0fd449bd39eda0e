"""What a call carries beside its message. Bound for the time of the call and visible to everything below it."""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from kit.errors import Unauthenticated
from voxreel.common.v1 import error_reason_pb2 as reasons


@dataclass(frozen=True, slots=True)
class Principal:
    """The user an access token was issued to."""

    user_id: int
    account: str
    is_admin: bool
    token_id: str
    issued_at: datetime


class CallContext(NamedTuple):
    """Facts of one call; a tuple because every call makes two and tuples are made fastest.

    `deadline` is in seconds of `time.monotonic`; None when nothing bounds the work.
    """

    request_id: str = ""
    trace_parent: str = ""
    caller: str = ""
    access_token: str = ""
    principal: Principal | None = None
    is_internal: bool = False
    deadline: float | None = None

    def time_left_s(self) -> float | None:
        """Seconds until the deadline, negative when it has passed; None when there is none."""
        if self.deadline is None:
            return None
        return self.deadline - time.monotonic()


_NO_CALL = CallContext()
_current: ContextVar[CallContext] = ContextVar("voxreel_call", default=_NO_CALL)


def current_call() -> CallContext:
    """The call being served; an empty one outside of any call."""
    return _current.get()


def bind_call(call: CallContext) -> Token[CallContext]:
    """Makes the call current in this task. Hand the token to `unbind_call` when it has been served."""
    return _current.set(call)


def unbind_call(token: Token[CallContext]) -> None:
    """Restores what was current before `bind_call`."""
    _current.reset(token)


def require_principal() -> Principal:
    """The calling user. Raises Unauthenticated (TOKEN_MISSING) when there is none."""
    principal = current_call().principal
    if principal is None:
        raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
    return principal
