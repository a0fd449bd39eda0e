"""Alibaba Cloud's SMS API as a client on this machine sees it."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

_AUTHORIZATION = re.compile(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")


class FakeAliyun:
    """Recomputes each signature from what arrived, refuses nonces it has seen, and keeps the messages."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._nonces: set[str] = set()
        self.messages: list[dict[str, str]] = []
        self.reply: Mapping[str, object] | None = None
        self.status = 200
        self.endpoint = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeAliyun]:
        """On a free port."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.endpoint = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if self.reply is not None:
            return web.json_response(self.reply, status=self.status)
        problem = await self._problem(request)
        if problem:
            return web.json_response({"Code": problem, "Message": "refused"}, status=400)
        self.messages.append(dict(request.query))
        return web.json_response({"Code": "OK", "Message": "OK", "BizId": "1", "RequestId": "1"})

    async def _problem(self, request: web.Request) -> str:
        headers, body = request.headers, await request.read()
        found = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
        if found is None or found[1] not in self._secrets:
            return "InvalidAccessKeyId.NotFound"
        signed = found[2].split(";")
        must_be_signed = {name.lower() for name in headers if name.lower().startswith("x-acs-")} | {"host"}
        if not must_be_signed <= set(signed) or headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "IncompleteSignature"
        if not hmac.compare_digest(found[3], self._signature(request, signed, self._secrets[found[1]])):
            return "SignatureDoesNotMatch"
        if headers["x-acs-signature-nonce"] in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(headers["x-acs-signature-nonce"])
        called = (headers["x-acs-action"], headers["x-acs-version"])
        return "" if called == ("SendSms", "2017-05-25") else "InvalidAction.NotFound"

    def _signature(self, request: web.Request, signed: list[str], secret: str) -> str:
        pairs = sorted(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        lines = [request.method, request.rel_url.raw_path, urlencode(pairs, quote_via=quote, safe="~")]
        lines += [f"{name}:{request.headers[name].strip()}" for name in sorted(signed)]
        lines += ["", ";".join(signed), request.headers["x-acs-content-sha256"]]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return hmac.new(secret.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256).hexdigest()
