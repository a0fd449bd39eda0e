"""How many tasks of each lane a process works on."""

from __future__ import annotations

from kit.tasks.lanes import Lane
from services.speech.config import SpeechConfig
from services.speech.domain.lanes import INTERACTIVE


def work_lanes(config: SpeechConfig) -> dict[Lane, int]:
    """The lanes of every task the service accepts, with their places: as many as have a worker process or a line to a
    provider, and for texts that take turns, as many as may."""
    lines = config.dashscope.max_jobs if config.dashscope.api_key.get_secret_value() else 0
    return {
        # Its position is the one of all lanes from the time when there was one queue, now for this subject alone: two
        # positions in a stream of work must not overlap. Half the lines stay free for those who wait.
        Lane("tts", "worker"): config.synthesis.processes + lines // 2,
        _lane(INTERACTIVE): max(config.synthesis.places, lines),
        _lane("asr"): config.recognition.processes + lines,
        _lane("voice_clone"): config.cloning.processes + lines,
        _lane("llm"): config.rewriting.places,
    }


def _lane(name: str) -> Lane:
    return Lane(name, f"worker-{name}")
