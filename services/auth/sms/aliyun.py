"""Alibaba Cloud SMS: SendSms of dysmsapi, version 2017-05-25.

One signed request of the standard library in place of the provider's SDK, whose packages are many for it.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import structlog

from kit.clock import Clock
from kit.ids import IdSource
from services.auth.domain.errors import sms_unavailable
from services.auth.domain.phones import Phone
from services.auth.sms.acs3 import AccessKey, Action, signed_headers

_log = structlog.get_logger()
_MOST_AT_ONCE = 8
# Running and waiting: more would not be sent within their time.
_MOST_WAITING = 64
# For the whole of a message, and for each step of its request.
_TIMEOUT_S = 9.0
_STEP_TIMEOUT_S = 5.0
_MAX_REPLY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class AliyunAccount:
    """Who sends, and what: an approved signature, and a template with one variable for the code."""

    key: AccessKey
    sign_name: str
    template_code: str
    template_variable: str
    endpoint: str


class AliyunSms:
    """Sends codes from a few threads; an asynchronous context manager that ends them."""

    def __init__(self, account: AliyunAccount, *, clock: Clock, ids: IdSource) -> None:
        self._account = account
        self._clock = clock
        self._ids = ids
        parts = urlsplit(account.endpoint)
        self._authority = parts.netloc
        self._connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._threads = ThreadPoolExecutor(max_workers=_MOST_AT_ONCE, thread_name_prefix="sms")
        self._waiting = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def send(self, phone: Phone, code: str) -> None:
        """Returns when the message was taken. Raises Unavailable (SMS_UNAVAILABLE)."""
        if self._waiting >= _MOST_WAITING:
            raise sms_unavailable()
        self._waiting += 1
        try:
            said = await self._call(self._action(phone, code))
        except (OSError, HTTPException, ValueError) as error:
            # The text of the error may have the request in it.
            _log.warning("sms.failed", error=type(error).__name__)
            raise sms_unavailable() from None
        finally:
            self._waiting -= 1
        if said != "OK":
            _log.warning("sms.refused", code=said)
            raise sms_unavailable()

    def _action(self, phone: Phone, code: str) -> Action:
        account = self._account
        return Action(
            host=self._authority,
            name="SendSms",
            version="2017-05-25",
            parameters={
                "PhoneNumbers": phone,
                "SignName": account.sign_name,
                "TemplateCode": account.template_code,
                "TemplateParam": json.dumps({account.template_variable: code}, separators=(",", ":")),
            },
        )

    async def _call(self, action: Action) -> str:
        """The reply's code. Raises OSError (TimeoutError is one), HTTPException, ValueError."""
        headers = signed_headers(action, self._account.key, nonce=self._ids.random(), time=self._clock.now())
        async with asyncio.timeout(_TIMEOUT_S):
            loop = asyncio.get_running_loop()
            status, body = await loop.run_in_executor(self._threads, self._post, f"/?{action.query}", headers)
        reply = json.loads(body)
        said = reply.get("Code") if isinstance(reply, dict) else None
        return said[:100] if isinstance(said, str) else f"status {status}"

    def _post(self, target: str, headers: dict[str, str]) -> tuple[int, bytes]:
        with closing(self._connection_type(self._authority, timeout=_STEP_TIMEOUT_S)) as connection:
            connection.request("POST", target, headers=headers)
            response = connection.getresponse()
            return response.status, response.read(_MAX_REPLY_BYTES)
