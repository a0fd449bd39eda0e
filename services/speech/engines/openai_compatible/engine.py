"""A `TextRewriter` over a server that speaks OpenAI's chat API, read as a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector

from kit.engines import EngineBroken, InputRefused
from services.speech.engines.base import LanguageModel, RewriteRequest, RewrittenText
from services.speech.engines.model_answers import REFUSED, ModelAnswer, most_tokens
from services.speech.engines.openai_compatible.events import error_code, read_chunks
from services.speech.engines.prompting import rewrite_messages

NAME = "openai_compatible"
_CONNECTIONS = 64
_CONNECT_S = 5.0
# A model that thinks before it writes is silent for a while.
_SILENCE_S = 60.0
_MAX_ERROR_BYTES = 8 * 1024
# What servers call a text that they refuse, whoever sends it.
_REFUSALS = frozenset(
    {"content_filter", "content_policy_violation", "context_length_exceeded", "data_inspection_failed"}
)


@dataclass(frozen=True, slots=True)
class OpenAiSettings:
    """Where the server is, up to and with `/v1`, what it asks for, and which of its models writes."""

    base_url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    temperature: float = 0.7

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, in words for the operator."""
        given = {"REWRITING__OPENAI_BASE_URL": self.base_url, "REWRITING__OPENAI_MODEL": self.model}
        return tuple(f"VOXREEL_SPEECH_{name} is not set" for name, value in given.items() if not value)


class OpenAiRewriter:
    """A `TextRewriter`. Opens its connections when it is first asked."""

    name = NAME

    def __init__(self, settings: OpenAiSettings) -> None:
        self._settings = settings
        self._session: ClientSession | None = None

    def models(self) -> tuple[LanguageModel, ...]:
        """The one model that is set up."""
        model = self._settings.model
        return (LanguageModel(model, model, "由管理员配置的 OpenAI 兼容服务提供"),)

    async def rewrite(self, request: RewriteRequest, *, timeout_s: float) -> AsyncGenerator[str | RewrittenText, None]:
        """See `TextRewriter`. Closing it closes the connection, so that the server stops too."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        response = await self._ask(request, deadline)
        answer = ModelAnswer(request, self._settings.model)
        try:
            async with aclosing(read_chunks(response, deadline=deadline)) as chunks:
                async for chunk in chunks:
                    if piece := answer.take(chunk):
                        yield piece
            if piece := answer.rest():
                yield piece
            yield answer.finished()
        finally:
            response.close()

    async def aclose(self) -> None:
        """Ends its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, request: RewriteRequest, deadline: float) -> ClientResponse:
        body = {
            "model": self._settings.model,
            "messages": rewrite_messages(request),
            "temperature": self._settings.temperature,
            "max_tokens": most_tokens(request),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        url = f"{self._settings.base_url.rstrip('/')}/chat/completions"
        try:
            async with asyncio.timeout_at(deadline):
                # The server is the operator's choice; where it sends us on to is not.
                response = await self._connections().post(
                    url, json=body, headers=self._headers(), allow_redirects=False
                )
        except (ClientError, TimeoutError) as error:
            raise EngineBroken(f"the server cannot be asked: {type(error).__name__}") from error
        if response.status != 200 or "event-stream" not in response.content_type:
            try:
                raise await _refusal(response, deadline)
            finally:
                response.close()
        return response

    def _connections(self) -> ClientSession:
        if self._session is None:
            timeout = ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
            self._session = ClientSession(connector=TCPConnector(limit=_CONNECTIONS), timeout=timeout)
        return self._session

    def _headers(self) -> dict[str, str]:
        key = self._settings.api_key
        return {"Accept": "text/event-stream", **({"Authorization": f"Bearer {key}"} if key else {})}


async def _refusal(response: ClientResponse, deadline: float) -> EngineBroken | InputRefused:
    """What a reply means that is no stream of events."""
    try:
        async with asyncio.timeout_at(deadline):
            code = error_code(json.loads(await response.content.read(_MAX_ERROR_BYTES)))
    except (ClientError, TimeoutError, ValueError):
        code = "unknown"
    if code in _REFUSALS or response.status in (413, 422):
        return InputRefused(REFUSED)
    return EngineBroken(f"the server answered {response.status} {response.content_type}: {code}")
