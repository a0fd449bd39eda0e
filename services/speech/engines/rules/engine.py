"""A `TextRewriter` that needs no model and no network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from importlib.util import find_spec
from pathlib import Path

from kit.engines import EngineBroken
from services.speech.engines.base import LanguageModel, Quality, RewriteRequest, RewrittenText
from services.speech.text.tokens import count_tokens

NAME = "rules"
MODEL = LanguageModel("rules", "离线规则引擎", "本机内置，按词语、句式和语气规则改写，不调用大模型")


def problems() -> tuple[str, ...]:
    """What keeps the engine from working, in words for the operator."""
    return () if find_spec("jieba") is not None else ("package jieba is not installed",)


class RulesRewriter:
    """A `TextRewriter`. The dictionary of Mandarin is parsed at the first use and kept in `cache_dir`."""

    name = NAME

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        # The rules are pure Python: two texts at once would only take turns.
        self._turn = asyncio.Lock()

    def models(self) -> tuple[LanguageModel, ...]:
        """The rules, as if they were a model."""
        return (MODEL,)

    async def rewrite(self, request: RewriteRequest, *, timeout_s: float) -> AsyncGenerator[str | RewrittenText, None]:
        """See `TextRewriter`. The same request always gets the same text."""
        try:
            async with asyncio.timeout(timeout_s), self._turn:
                written = await asyncio.to_thread(self._write, request)
        except TimeoutError as error:
            raise EngineBroken("no time left for the rules") from error
        for piece in written[0]:
            yield piece
        text = "".join(written[0]).strip()
        yield RewrittenText(
            text,
            MODEL.model_id,
            prompt_tokens=count_tokens(request.text),
            completion_tokens=count_tokens(text),
            quality=Quality.APPROXIMATE,
            warnings=written[1],
        )

    async def aclose(self) -> None:
        """Nothing to end."""

    def _write(self, request: RewriteRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # Loaded late: an installation that writes otherwise need not have jieba.
        from services.speech.engines.jieba_cache import keep_jieba_cache_in
        from services.speech.engines.rules.writer import write

        keep_jieba_cache_in(self._cache_dir)
        # What a retry asks to keep was never changed; it must not change the choices either.
        written = write(request, f"{request.mode}\n{request.instruction}\n{request.length_ratio}\n{request.text}")
        return written.pieces, written.warnings
