"""The administrator that exists from the first start on."""

from __future__ import annotations

import structlog

from services.auth.usecases.registration import Registration

_log = structlog.get_logger(__name__)


async def ensure_first_admin(registration: Registration, account: str, password: str) -> None:
    """Adds the administrator unless the account is empty or exists.

    An account that exists keeps its password and its rights. Raises Invalid for an account or a password that
    nobody could register with.
    """
    if not account:
        return
    user = await registration.ensure_admin(account, password)
    if user is not None:
        _log.info("first_admin_created", user_id=user.id)
