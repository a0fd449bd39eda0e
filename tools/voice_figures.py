"""Measures what the catalogues of voices state: the pitch of each preset voice, the length of each template's sample.

Speaks all of them with the offline engine, which takes a minute or two, and prints the lines for `voices.toml` and
`templates.toml`. Usage: `python -m tools.voice_figures CACHE_DIR`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from kit.models import DEFAULT_MODELS_DIR
from services.speech.catalogue.samples import sample_request
from services.speech.catalogue.templates import templates
from services.speech.dsp.pitch import median_pitch
from services.speech.engines.base import AudioFormat, BlockingSynthesizer, SynthesisRequest
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.usecases.voice_previews import SENTENCES


def pitch_of(engine: BlockingSynthesizer, request: SynthesisRequest) -> float | None:
    """The median pitch in Hz of what the engine makes of a request for PCM."""
    spoken = engine.synthesize(request)
    samples = np.frombuffer(spoken.data, dtype="<i2").astype(np.float32) / 32768
    return median_pitch(samples, spoken.sample_rate)


def main(cache_dir: Path) -> None:
    """Prints the lines."""
    engine = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)()
    for voice in voices():
        request = SynthesisRequest(SENTENCES[voice.language], voice.voice_id, AudioFormat.PCM)
        sys.stdout.write(f"{voice.voice_id}: pitch_hz = {pitch_of(engine, request)}\n")
    for template in templates():
        spoken = engine.synthesize(sample_request(template))
        sys.stdout.write(f"{template.id}: sample_duration_ms = {spoken.duration_ms}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
