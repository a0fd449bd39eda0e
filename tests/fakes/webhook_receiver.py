"""Somebody's server that takes webhooks and checks them by the letter of Standard Webhooks, with code of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `signatures` are those of the header, without their version."""

    message_id: str
    timestamp: int
    body: bytes
    signatures: tuple[str, ...]

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Whether any of the signatures was made with the secret."""
        assert secret.startswith("whsec_")
        key = base64.b64decode(secret[len("whsec_") :])
        signed = b".".join((self.message_id.encode(), str(self.timestamp).encode(), self.body))
        expected = base64.standard_b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return any(hmac.compare_digest(expected, each) for each in self.signatures)


@dataclass(slots=True)
class WebhookReceiver:
    """Answers with the statuses it is given, the last of them for ever. Use as a context manager."""

    statuses: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(application, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        versions = [each.partition(",") for each in request.headers["webhook-signature"].split(" ")]
        assert {version for version, _, _ in versions} == {"v1"}
        assert request.content_type == "application/json"
        self.received.append(
            Received(
                request.headers["webhook-id"],
                int(request.headers["webhook-timestamp"]),
                await request.read(),
                tuple(signature for _, _, signature in versions),
            )
        )
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        # More than anybody wants to read.
        return web.Response(status=status, headers=self.headers, body=b"" if status == 204 else bytes(100_000))
