"""Texts written anew: how a rewrite is accepted and how it is done."""

from __future__ import annotations

from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, NewTask, Task, TaskKind
from services.speech.domain.rewriting import Rewrite
from services.speech.engines.base import TextRewriter
from services.speech.usecases.faithful_writing import Draft, write_faithfully

PRICE = Price("llm_rewrite", "文本仿写")
_WRITING = "writing"
_BEGUN_PERCENT = 10
_WRITTEN_PERCENT = 95


class CreateRewrite:
    """Accepts rewrites."""

    def __init__(self, acceptance: TaskAcceptance, slot: EngineSlot[TextRewriter], *, ids: IdSource) -> None:
        self._acceptance = acceptance
        self._slot = slot
        self._ids = ids

    def draw_up(self, user_id: int, request_id: str, rewrite: Rewrite) -> NewTask:
        """The task as this request would make it."""
        return NewTask(
            id=self._ids.random("task_"),
            kind=TaskKind.LLM,
            user_id=user_id,
            request_id=request_id,
            input_hash=rewrite.digest(),
            input=rewrite.to_input(),
        )

    async def accept(self, new: NewTask) -> Task:
        """The queued task of this request, the same one however often it is repeated: compare the ids.

        Raises what `TaskAcceptance.accept` raises, Unavailable (ENGINE_UNAVAILABLE).
        """
        return await self._acceptance.accept(new, PRICE, check=self._slot.require)


class RewriteHandler:
    """A `TaskHandler`. Changes nothing but the task."""

    def __init__(self, slot: EngineSlot[TextRewriter], *, timeout_s: float) -> None:
        self._slot = slot
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Writes, answers the task's output. Raises DomainError or RetryableError."""
        return await self.write(task, report, _Unread())

    async def write(self, task: Task, report: Progress, draft: Draft) -> JsonObject:
        """The same, with the pieces shown in a draft as they come."""
        engine = self._slot.require()
        await report(_BEGUN_PERCENT, _WRITING)
        request = Rewrite.from_input(task.input).request()
        shown = _Measured(draft, report, expected=len(request.text) * request.length_ratio)
        written = await result_of(write_faithfully(engine, request, shown, timeout_s=self._timeout_s))
        return {
            "rewritten_text": written.text,
            "engine": engine.name,
            "model": written.model,
            "prompt_tokens": written.prompt_tokens,
            "completion_tokens": written.completion_tokens,
            "quality": written.quality.value,
            "warnings": list(written.warnings),
        }


class _Unread:
    """A draft that nobody reads."""

    async def add(self, piece: str) -> None:
        """Nothing to show."""

    async def restart(self) -> None:
        """Nothing to void."""


class _Measured:
    """Tells how far the text is while it passes it on. `expected` is its likely length in characters."""

    def __init__(self, draft: Draft, report: Progress, *, expected: float) -> None:
        self._draft = draft
        self._report = report
        self._expected = max(expected, 1.0)
        self._written = 0

    async def add(self, piece: str) -> None:
        await self._draft.add(piece)
        self._written += len(piece)
        share = min(self._written / self._expected, 1.0)
        await self._report(_BEGUN_PERCENT + round(share * (_WRITTEN_PERCENT - _BEGUN_PERCENT)), _WRITING)

    async def restart(self) -> None:
        await self._draft.restart()
        self._written = 0
