"""Speech recognition."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class RecognitionOut(TypedDict):
    task_id: str
    status: str
    message: str
    error: NotRequired[str]
