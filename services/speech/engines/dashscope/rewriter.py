"""Qwen as a `TextRewriter`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

from kit.dashscope.clients import ENGINE_NAME
from kit.engines import EngineBroken
from services.speech.engines.base import LanguageModel, RewriteRequest, RewrittenText
from services.speech.engines.dashscope.account import Account
from services.speech.engines.dashscope.faults import raise_job_error
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dashscope.turns import NoTurn
from services.speech.engines.model_answers import REFUSED, Chunk, ModelAnswer, most_tokens
from services.speech.engines.prompting import rewrite_messages

if TYPE_CHECKING:
    from dashscope import AsyncClient

# The service says so in words as long as the answer goes on.
_GOES_ON = "null"


class DashScopeRewriter:
    """A `TextRewriter`. Makes its client when it is first asked."""

    name = ENGINE_NAME

    def __init__(self, settings: DashScopeSettings) -> None:
        self._settings = settings
        self._turns = settings.turns
        self._account = Account(settings)
        self._making = asyncio.Lock()
        self._client: AsyncClient | None = None

    def models(self) -> tuple[LanguageModel, ...]:
        """The one model that is set up."""
        model = self._settings.rewrite_model
        return (LanguageModel(model, model, "阿里云百炼（DashScope）提供的通义千问模型"),)

    async def rewrite(self, request: RewriteRequest, *, timeout_s: float) -> AsyncGenerator[str | RewrittenText, None]:
        """See `TextRewriter`. Closing it closes the connection, so that the provider stops too."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        answer = ModelAnswer(request, self._settings.rewrite_model)
        async with AsyncExitStack() as held:
            stream = await self._open(request, deadline, held)
            async for chunk in await held.enter_async_context(aclosing(_chunks(stream, deadline))):
                if piece := answer.take(chunk):
                    yield piece
        if piece := answer.rest():
            yield piece
        yield answer.finished()

    async def aclose(self) -> None:
        """Ends its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _open(self, request: RewriteRequest, deadline: float, held: AsyncExitStack) -> Any:
        """The stream; what has to be given back after it is `held`."""
        left_s = deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(deadline):
                client = await self._made_client()
                await held.enter_async_context(self._turns.turn(self._settings.limits.qwen, within_s=left_s))
                stream = await client.chat.completions.create(
                    model=self._settings.rewrite_model,
                    messages=[dict(message) for message in rewrite_messages(request)],
                    stream=True,
                    temperature=self._settings.rewrite_temperature,
                    max_tokens=most_tokens(request),
                    timeout=self._settings.silence_s,
                )
                return await held.enter_async_context(aclosing(stream))
        except NoTurn as error:
            raise EngineBroken("too many wait for their turn") from error
        except TimeoutError as error:
            raise EngineBroken("not written in time") from error
        except Exception as error:
            raise_job_error(error, refused_zh=REFUSED)

    async def _made_client(self) -> AsyncClient:
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._account.async_client)
            return self._client


async def _chunks(stream: Any, deadline: float) -> AsyncGenerator[Chunk, None]:
    """What comes until the model ends its answer."""
    events = aiter(stream)
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                event = await anext(events, None)
        except TimeoutError as error:
            raise EngineBroken("not written in time") from error
        except Exception as error:
            raise_job_error(error, refused_zh=REFUSED)
        if event is None:
            return
        yield _chunk(event)


def _chunk(event: Any) -> Chunk:
    choice = event.choices[0] if event.choices else None
    reason = "" if choice is None else choice.finish_reason or ""
    usage = event.usage
    return Chunk(
        content="" if choice is None else choice.delta.content or "",
        finish_reason="" if reason == _GOES_ON else str(reason),
        prompt_tokens=None if usage is None else usage.input_tokens,
        completion_tokens=None if usage is None else usage.output_tokens,
    )
