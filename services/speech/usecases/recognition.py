"""Speech to text: how it is accepted and how it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kit.digests import input_digest
from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.sources import SourceFiles, check_file_id, check_format, scratch_folder
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, NewTask, Task, TaskKind
from kit.tasks.progress import Share, Tell, reporting
from services.speech.domain.sources import RECOGNIZABLE
from services.speech.engines.base import Recognition, RecognizedPart, RecognizedSentence, SpeechRecognizer
from services.speech.text.joining import joined

PRICE = Price("asr_recognize", "语音识别")
_FETCHING = "fetching"
_HEARING = Share("recognizing", 15, 95)


class CreateRecognition:
    """Accepts recognitions."""

    def __init__(
        self, acceptance: TaskAcceptance, files: SourceFiles, slot: EngineSlot[SpeechRecognizer], *, ids: IdSource
    ) -> None:
        self._acceptance = acceptance
        self._files = files
        self._slot = slot
        self._ids = ids

    async def create(self, user_id: int, request_id: str, file_id: str) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, NotFound, Invalid (FILE_TYPE_UNSUPPORTED), Unavailable
        (ENGINE_UNAVAILABLE).
        """
        check_file_id(file_id, "file_id")
        file = await self._files.find(file_id)
        check_format(file, RECOGNIZABLE)
        new = NewTask(
            id=self._ids.random("task_"),
            kind=TaskKind.ASR,
            user_id=user_id,
            request_id=request_id,
            # The same request again brings the same bytes, as another file.
            input_hash=input_digest({"recognize": file.sha256}),
            input={"file_id": file.id, "filename": file.name, "extension": file.extension},
        )
        return await self._acceptance.accept(new, PRICE, check=self._slot.require)


class RecognitionHandler:
    """A `TaskHandler`. Changes nothing but the task."""

    def __init__(self, slot: EngineSlot[SpeechRecognizer], files: SourceFiles, *, timeout_s: float) -> None:
        self._slot = slot
        self._files = files
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        """Fetches, hears, answers the task's output. Raises DomainError or RetryableError."""
        engine = self._slot.require()
        async with scratch_folder() as folder:
            await report(5, _FETCHING)
            media = folder / f"media.{task.input['extension']}"
            await self._files.fetch(str(task.input["file_id"]), media)
            heard = await reporting(lambda tell: self._hear(engine, media, tell), report, _HEARING)
        return {
            "text": joined(sentence.text for sentence in heard.sentences),
            "language": heard.language,
            "duration_ms": heard.duration_ms,
            "sentences": [_sentence(sentence) for sentence in heard.sentences],
            "engine": engine.name,
            "model": heard.model,
            "quality": heard.quality.value,
        }

    async def _hear(self, engine: SpeechRecognizer, media: Path, tell: Tell) -> Recognition:
        return await result_of(engine.recognize(media, timeout_s=self._timeout_s, on_progress=tell))


def _sentence(sentence: RecognizedSentence) -> dict[str, Any]:
    return {**_part(sentence), "words": _parts(sentence.words)}


def _parts(parts: Sequence[RecognizedPart]) -> list[dict[str, Any]]:
    return [_part(part) for part in parts]


def _part(part: RecognizedPart) -> dict[str, Any]:
    return {"begin_ms": part.begin_ms, "end_ms": part.end_ms, "text": part.text}
