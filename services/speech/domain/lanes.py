"""Which tasks wait for each other."""

from __future__ import annotations

from kit.tasks.lanes import lane_of_kind
from kit.tasks.model import Task, TaskKind
from services.speech.domain.dubbing import MAX_TEXT_CHARACTERS

INTERACTIVE = "interactive"
"""Dubbings, and texts no longer than one may be: somebody sits in front of them."""


def lane_of(task: Task) -> str:
    """The lane of a task of this service; for what is not interactive, the one of its kind."""
    text = task.input.get("text")
    is_short = isinstance(text, str) and len(text) <= MAX_TEXT_CHARACTERS
    return INTERACTIVE if task.kind is TaskKind.TTS and is_short else lane_of_kind(task)
