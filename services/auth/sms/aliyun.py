"""Alibaba Cloud SMS: SendSms of dysmsapi, version 2017-05-25."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from kit.clock import Clock
from kit.ids import IdSource
from services.auth.domain.errors import sms_unavailable
from services.auth.domain.phones import Phone
from services.auth.sms.acs3 import AccessKey, Action, signed_headers

_log = structlog.get_logger()
_TIMEOUT = ClientTimeout(total=8.0, connect=3.0)
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
    """Sends codes; an asynchronous context manager that keeps connections to the API."""

    def __init__(self, account: AliyunAccount, *, clock: Clock, ids: IdSource) -> None:
        self._account = account
        self._clock = clock
        self._ids = ids
        self._endpoint = URL(account.endpoint)
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The URL has the code in it: nothing may follow it elsewhere, and no proxy of the environment is told.
        self._session = ClientSession(timeout=_TIMEOUT, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, phone: Phone, code: str) -> None:
        """Returns when the message was taken. Raises Unavailable (SMS_UNAVAILABLE)."""
        try:
            said = await self._call(self._action(phone, code))
        except (ClientError, TimeoutError, ValueError) as error:
            # The text of the error may have the URL in it.
            _log.warning("sms.failed", error=type(error).__name__)
            raise sms_unavailable() from None
        if said != "OK":
            _log.warning("sms.refused", code=said)
            raise sms_unavailable()

    def _action(self, phone: Phone, code: str) -> Action:
        account = self._account
        return Action(
            host=self._endpoint.authority,
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
        """The reply's code. Raises ClientError, TimeoutError, ValueError."""
        if self._session is None:
            raise RuntimeError("not entered")
        headers = signed_headers(action, self._account.key, nonce=self._ids.random(), time=self._clock.now())
        # What was signed is what is sent: nothing may be escaped again.
        url = URL(f"{self._account.endpoint}/?{action.query}", encoded=True)
        async with self._session.post(url, headers=headers, allow_redirects=False) as response:
            body = await response.content.read(_MAX_REPLY_BYTES)
        reply = json.loads(body)
        said = reply.get("Code") if isinstance(reply, dict) else None
        return said[:100] if isinstance(said, str) else f"status {response.status}"
