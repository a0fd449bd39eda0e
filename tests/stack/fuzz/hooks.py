"""Loaded by schemathesis itself: keeps a run from locking itself out, and checks what its own checks cannot."""

from __future__ import annotations

import os

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

# Users whose rights and passwords the run depends on, and one whom it may treat as it likes.
_SPARED = frozenset(int(number) for number in os.environ["FUZZ_SPARED_USERS"].split(","))
_VICTIM = os.environ["FUZZ_VICTIM_USER"]
_UNAVAILABLE = 503


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, object]) -> None:
    """An administrator who freezes or deletes himself, or resets his own password, is a stranger from then on."""
    given = case.path_parameters or {}
    if "user_id" in given and _number(given["user_id"]) in _SPARED:
        given["user_id"] = _VICTIM


def _number(given: object) -> float | None:
    try:
        return float(str(given))
    except ValueError:
        return None


@schemathesis.check
def unavailable_is_a_missing_engine(ctx: CheckContext, response: Response, case: Case) -> None:
    """Where 503 is allowed it means an engine that nobody configured, never a peer that is down."""
    if response.status_code == _UNAVAILABLE:
        assert response.headers["x-error-reason"] == ["ENGINE_UNAVAILABLE"], response.headers
