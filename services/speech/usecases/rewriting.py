"""Texts written anew: how a rewrite is accepted and how it is done."""

from __future__ import annotations

from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, NewTask, Task, TaskKind
from services.speech.domain.rewriting import Rewrite
from services.speech.engines.base import TextRewriter

PRICE = Price("llm_rewrite", "文本仿写")
_WRITING = "writing"


class CreateRewrite:
    """Accepts rewrites."""

    def __init__(self, acceptance: TaskAcceptance, slot: EngineSlot[TextRewriter], *, ids: IdSource) -> None:
        self._acceptance = acceptance
        self._slot = slot
        self._ids = ids

    async def create(self, user_id: int, request_id: str, rewrite: Rewrite) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, Unavailable (ENGINE_UNAVAILABLE).
        """
        new = NewTask(
            id=self._ids.random("task_"),
            kind=TaskKind.LLM,
            user_id=user_id,
            request_id=request_id,
            input_hash=rewrite.digest(),
            input=rewrite.to_input(),
        )
        return await self._acceptance.accept(new, PRICE, check=self._slot.require)


class RewriteHandler:
    """A `TaskHandler`. Changes nothing but the task."""

    def __init__(self, slot: EngineSlot[TextRewriter], *, timeout_s: float) -> None:
        self._slot = slot
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Writes, answers the task's output. Raises DomainError or RetryableError."""
        engine = self._slot.require()
        await report(10, _WRITING)
        request = Rewrite.from_input(task.input).request()
        written = await result_of(engine.rewrite(request, timeout_s=self._timeout_s))
        return {
            "rewritten_text": written.text,
            "engine": engine.name,
            "model": written.model,
            "prompt_tokens": written.prompt_tokens,
            "completion_tokens": written.completion_tokens,
            "quality": written.quality.value,
        }
