"""What a guarded worker does to the server's speech: it decodes what another machine sent."""

from __future__ import annotations

from dataclasses import dataclass

from services.speech.engines.base import SynthesizedAudio


@dataclass(frozen=True, slots=True)
class Finish:
    """What is still to be done to the speech, and what its label says."""

    speed: float
    volume_scale: float
    producer: str
    content_id: str


def no_tool() -> None:
    """The job needs nothing that is made beforehand."""


def finish(_tool: None, wav: bytes, wanted: Finish) -> SynthesizedAudio:
    """The job of a worker. Raises EngineBroken for what is no WAV."""
    # Its libraries belong into the worker: the service itself does without them.
    from services.speech.engines.indextts.finishing import finish_speech

    return finish_speech(wav, wanted)
