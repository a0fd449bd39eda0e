"""What a language model writes, gathered as it comes, whichever way it comes."""

from __future__ import annotations

from dataclasses import dataclass

from kit.engines import EngineBroken, InputRefused
from services.speech.engines.base import Quality, RewriteRequest, RewrittenText
from services.speech.engines.prompting import AnswerFilter, mark_of, rewrite_messages
from services.speech.text.tokens import count_tokens

REFUSED = "文本未通过模型服务的检查，请修改后重试"
_CUT_OFF = "结果达到模型的长度上限，可能不完整"
_SPARE_TOKENS = 2048
_MAX_TOKENS = 32_768
_SPARE_CHARACTERS = 4000
_LONGEST_ANSWER = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event: a piece of the answer, why the answer ends, what it took in tokens; each where it is said."""

    content: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None


def most_tokens(request: RewriteRequest) -> int:
    """How many tokens the model may write."""
    return min(round(len(request.text) * request.length_ratio * 2) + _SPARE_TOKENS, _MAX_TOKENS)


class ModelAnswer:
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
            raise InputRefused(REFUSED)
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
