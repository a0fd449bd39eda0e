"""Rewriting that looks at its result: what must survive is asked for once more, and missed in the open after that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from kit.engines import EngineBroken
from services.speech.engines.base import RewriteRequest, RewrittenText, TextRewriter
from services.speech.text.survival import lost_tokens

_MOST_SHOWN = 10
_LONGEST_SHOWN = 40


class Draft(Protocol):
    """Where a text appears while it is written. Both wait until there is room."""

    async def add(self, piece: str) -> None:
        """What follows the pieces so far."""
        ...

    async def restart(self) -> None:
        """The pieces so far are void."""
        ...


async def write_faithfully(
    engine: TextRewriter, request: RewriteRequest, draft: Draft, *, timeout_s: float
) -> RewrittenText:
    """The rewritten text, with a warning for what it has lost in spite of a second attempt; its tokens are those of
    both. `timeout_s` bounds both together. Raises InputRefused, EngineGaveUp or EngineBroken."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    first = await _write(engine, request, draft, deadline)
    lost = await _lost(request, first)
    if not lost:
        return first
    await draft.restart()
    try:
        second = await _write(engine, replace(request, must_keep=lost), draft, deadline)
    except EngineBroken:
        if not first.text.strip():
            raise
        return _with_warning(first, lost)
    still_lost = await _lost(request, second)
    if not second.text.strip() and not first.text.strip():
        raise EngineBroken("the engine wrote nothing")
    best, missing = (second, still_lost) if len(still_lost) < len(lost) else (first, lost)
    tokens = (first.prompt_tokens + second.prompt_tokens, first.completion_tokens + second.completion_tokens)
    return _with_warning(replace(best, prompt_tokens=tokens[0], completion_tokens=tokens[1]), missing)


async def _lost(request: RewriteRequest, written: RewrittenText) -> tuple[str, ...]:
    if not written.text.strip():
        # Nothing at all has lost the text itself, however little in it had to survive.
        return (request.text.strip(),)
    return await asyncio.to_thread(lost_tokens, request.text, written.text)


async def _write(engine: TextRewriter, request: RewriteRequest, draft: Draft, deadline: float) -> RewrittenText:
    left_s = deadline - asyncio.get_running_loop().time()
    if left_s <= 0:
        raise EngineBroken("no time left for another attempt")
    async with aclosing(engine.rewrite(request, timeout_s=left_s)) as events:
        async for event in events:
            if isinstance(event, RewrittenText):
                return event
            await draft.add(event)
    raise EngineBroken("the engine ended without a result")


def _with_warning(written: RewrittenText, lost: Sequence[str]) -> RewrittenText:
    if not lost:
        return written
    shown = "、".join(token[:_LONGEST_SHOWN] for token in lost[:_MOST_SHOWN])
    more = f" 等 {len(lost)} 项" if len(lost) > _MOST_SHOWN else ""
    return replace(written, warnings=(*written.warnings, f"改写结果缺少原文内容：{shown}{more}"))
