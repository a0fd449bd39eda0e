"""What an error of the provider or of its SDK means. Decided here, once, for all capabilities."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}\Z")
_VOICE = re.compile(r"error code: 418|voice is invalid")
_ACCOUNT_CODES = (
    "InvalidApiKey",
    "AccessDenied",
    "Model.AccessDenied",
    "Workspace.AccessDenied",
    "AllocationQuota.FreeTierOnly",
    "Arrearage",
    "ModelNotFound",
    "Model.NotExist",
    "WorkSpaceNotFound",
)
_INPUT_CODES = ("InvalidParameter", "InvalidURL", "InvalidFile", "BadRequest", "Audio", "UnsupportedOperation")
_CONTENT_CODES = ("DataInspectionFailed", "data_inspection_failed")
_INPUT_STATUSES = frozenset({400, 413, 422, 430})
_ACCOUNT_STATUSES = frozenset({401, 403, 404})
_TOO_MANY = 429
_SUCCESS = 200


class Fault(StrEnum):
    """Whose fault it is, and so what may help.

    account: the operator's; key, right, payment or model. busy: nobody's, later it works. content: refused by the
    provider's inspection. voice: unknown, of another model, or not deployed. input: the request cannot be done.
    broken: the connection or the provider; another attempt may help.
    """

    ACCOUNT = "account"
    BUSY = "busy"
    CONTENT = "content"
    VOICE = "voice"
    INPUT = "input"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Failure:
    """`detail` is for the log: kinds and codes only, since the provider's messages may quote keys and texts."""

    fault: Fault
    detail: str


def failure_of(error: Exception) -> Failure:
    """What an exception of the SDK means."""
    status, code = _status_of(error), _code_of(error)
    detail = " ".join(part for part in (type(error).__name__, code, str(status or "")) if part)
    return Failure(_fault(status, code, str(getattr(error, "message", ""))), detail)


def failure_of_code(code: str, message: str) -> Failure:
    """What the code of a task means that was taken and failed later."""
    known = code if _CODE.match(code) else ""
    return Failure(_fault(0, known, message), known)


def _fault(status: int, code: str, message: str) -> Fault:
    if status == _TOO_MANY or code.startswith("Throttling"):
        return Fault.BUSY
    if code.startswith(_CONTENT_CODES):
        return Fault.CONTENT
    if code.startswith(_ACCOUNT_CODES):
        return Fault.ACCOUNT
    if code.startswith(_INPUT_CODES):
        return _fault_of_input(message)
    if code:
        return Fault.INPUT if status in _INPUT_STATUSES else Fault.BROKEN
    if status in _ACCOUNT_STATUSES:
        return Fault.ACCOUNT
    return Fault.INPUT if status in _INPUT_STATUSES else Fault.BROKEN


def _fault_of_input(message: str) -> Fault:
    if _VOICE.search(message):
        return Fault.VOICE
    # The provider files its own impatience under parameters, too.
    return Fault.BROKEN if "timeout" in message.lower() else Fault.INPUT


def _status_of(error: Exception) -> int:
    status = getattr(error, "status_code", None)
    # What the SDK gives errors that came as an event.
    return status if isinstance(status, int) and status != _SUCCESS else 0


def _code_of(error: Exception) -> str:
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and _CODE.match(code) else ""
