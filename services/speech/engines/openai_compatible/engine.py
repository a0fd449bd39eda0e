"""A `TextRewriter` over a server that speaks OpenAI's chat API, read as a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector

from kit.engines import EngineBroken, InputRefused
from services.speech.engines.base import LanguageModel, Quality, RewriteRequest, RewrittenText
from services.speech.engines.openai_compatible.events import Chunk, error_code, read_chunks
from services.speech.engines.prompting import AnswerFilter, mark_of, rewrite_messages
from services.speech.text.tokens import count_tokens

NAME = "openai_compatible"
_CONNECTIONS = 64
_CONNECT_S = 5.0
# A model that thinks before it writes is silent for a while.
_SILENCE_S = 60.0
_MAX_ERROR_BYTES = 8 * 1024
_SPARE_TOKENS = 2048
_MAX_TOKENS = 32_768
_SPARE_CHARACTERS = 4000
_LONGEST_ANSWER = 4
# What servers call a text that they refuse, whoever sends it.
_REFUSALS = frozenset(
    {"content_filter", "content_policy_violation", "context_length_exceeded", "data_inspection_failed"}
)
_CUT_OFF = "结果达到模型的长度上限，可能不完整"
_REFUSED = "文本未通过模型服务的检查，请修改后重试"


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
        answer = _Answer(request, self._settings.model)
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
        wanted_tokens = round(len(request.text) * request.length_ratio * 2) + _SPARE_TOKENS
        body = {
            "model": self._settings.model,
            "messages": rewrite_messages(request),
            "temperature": self._settings.temperature,
            "max_tokens": min(wanted_tokens, _MAX_TOKENS),
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


class _Answer:
    """Gathers what the model writes."""

    def __init__(self, request: RewriteRequest, model: str) -> None:
        self._request = request
        self._model = model
        self._filter = AnswerFilter(mark_of(request))
        self._pieces: list[str] = []
        self._room = len(request.text) * _LONGEST_ANSWER + _SPARE_CHARACTERS
        self._finish_reason = ""
        self._prompt_tokens: int | None = None
        self._completion_tokens: int | None = None

    def take(self, chunk: Chunk) -> str:
        """The text in a chunk."""
        self._finish_reason = chunk.finish_reason or self._finish_reason
        if chunk.prompt_tokens is not None:
            self._prompt_tokens, self._completion_tokens = chunk.prompt_tokens, chunk.completion_tokens
        return self._kept(self._filter.feed(chunk.content))

    def rest(self) -> str:
        """What is left when the chunks have ended. Raises EngineBroken when the answer has no end."""
        if not self._finish_reason:
            raise EngineBroken("the answer ended early")
        return self._kept(self._filter.flush())

    def finished(self) -> RewrittenText:
        """The whole with its facts; tokens are estimated where the server does not count them."""
        if self._finish_reason == "content_filter":
            raise InputRefused(_REFUSED)
        text = "".join(self._pieces).strip()
        prompt_tokens, completion_tokens = self._prompt_tokens, self._completion_tokens
        if prompt_tokens is None:
            prompt_tokens = sum(count_tokens(message["content"]) for message in rewrite_messages(self._request))
        if completion_tokens is None:
            completion_tokens = count_tokens(text)
        warnings = (_CUT_OFF,) if self._finish_reason == "length" else ()
        return RewrittenText(text, self._model, prompt_tokens, completion_tokens, Quality.NATIVE, warnings)

    def _kept(self, piece: str) -> str:
        self._room -= len(piece)
        if self._room < 0:
            raise EngineBroken("the answer is far longer than asked for")
        if piece:
            self._pieces.append(piece)
        return piece


async def _refusal(response: ClientResponse, deadline: float) -> EngineBroken | InputRefused:
    """What a reply means that is no stream of events."""
    try:
        async with asyncio.timeout_at(deadline):
            code = error_code(json.loads(await response.content.read(_MAX_ERROR_BYTES)))
    except (ClientError, TimeoutError, ValueError):
        code = "unknown"
    if code in _REFUSALS or response.status in (413, 422):
        return InputRefused(_REFUSED)
    return EngineBroken(f"the server answered {response.status} {response.content_type}: {code}")
