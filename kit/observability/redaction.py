"""What must not reach a log line is taken out here, as the last step before a line is written."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

from kit.errors import DomainError

_SECRET_NAME = re.compile(
    r"password|passwd|secret|token(?!_id)|authorization|cookie|credential|private_key|signing_key|api_?key", re.I
)
_MASK = "***"
_MAX_FRAMES = 24
_MAX_CAUSES = 4
_MAX_DEPTH = 6


def mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces values whose names say that they are secret, at any depth."""
    for name, value in event.items():
        if _SECRET_NAME.search(name):
            event[name] = _MASK
        elif isinstance(value, dict | list | tuple):
            event[name] = _masked(value, _MAX_DEPTH)
    return event


def describe_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces `exc_info` by the types of the exception and its causes and the functions it passed.

    Messages are left out, since they quote SQL, paths and values; only a DomainError's message is meant to be seen.
    """
    given = event.pop("exc_info", None)
    error = _exception(given)
    if error is None:
        return event
    event["error"] = [_summary(each) for each in _with_causes(error)]
    event["error_at"] = _frames(error.__traceback__)
    return event


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], BaseException):
        return given[1]
    return sys.exception() if given is True else None


def _masked(value: Any, depth: int) -> Any:
    if depth == 0:
        return _MASK
    if isinstance(value, dict):
        return {
            name: _MASK if _SECRET_NAME.search(str(name)) else _masked(inner, depth - 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(inner, depth - 1) for inner in value]
    return value


def _with_causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    pending = [error]
    while pending and len(chain) < _MAX_CAUSES:
        each = pending.pop(0)
        chain.append(each)
        if isinstance(each, BaseExceptionGroup):
            pending.extend(each.exceptions)
        cause = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        if cause is not None and cause not in chain:
            pending.append(cause)
    return chain


def _summary(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, DomainError):
        return f"{kind}({error.reason_name}: {error.message})"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}({error.strerror})"
    return kind


def _frames(traceback: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__", "?")
        frames.append(f"{module}:{frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return frames[-_MAX_FRAMES:]
