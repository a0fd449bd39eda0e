"""The administrator that exists from the first start on."""

from __future__ import annotations

import asyncio

import structlog

from kit.errors import Invalid
from kit.events.waiting import wait_any
from services.auth.usecases.registration import Registration

_RETRY_S = 0.5

_log = structlog.get_logger(__name__)


class FirstAdminMissing(Exception):
    """The administrator of the settings has not been made yet."""


class FirstAdmin:
    """Adds the administrator unless the account is empty or exists.

    An account that exists keeps its password and its rights.
    """

    def __init__(self, registration: Registration, account: str, password: str) -> None:
        self._registration = registration
        self._account = account
        self._password = password
        self._is_there = not account

    async def check(self) -> None:
        """Raises FirstAdminMissing until there is nothing left to do."""
        if not self._is_there:
            raise FirstAdminMissing

    async def ensure(self) -> None:
        """One attempt. Raises Invalid for an account or a password that nobody could register with."""
        if self._is_there:
            return
        user = await self._registration.ensure_admin(self._account, self._password)
        self._is_there = True
        if user is not None:
            _log.info("first_admin_created", user_id=user.id)

    async def run(self, stop: asyncio.Event) -> None:
        """Tries until it is done: the schema may be brought up to date by somebody else, and only later."""
        while not stop.is_set():
            try:
                await self.ensure()
                break
            except Invalid:
                raise
            except Exception as error:
                _log.info("first_admin_waits_for_database", error=type(error).__name__)
            await wait_any(stop, timeout_s=_RETRY_S)
