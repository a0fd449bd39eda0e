"""Speed and memory of the recogniser: from a media file to its text.

Method. Kokoro speaks a Mandarin and an English text; each is repeated, with pauses, up to the length to be measured
and written as an MP4. The engine of the service hears it as the service does, decoder and model in worker processes of
their own. The first file of all, with which the workers start and the model is loaded, is told apart. A figure is the
median of the runs: processing time over audio time, lower is better; and the time to the first progress, which is when
the first stretch has been heard. Memory is the largest resident set that any worker had.

    python -m bench.speech.recognition_speed [--cache-dir DIR] [--seconds N ...] [--runs N] [--threads N]
"""

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import AudioFormat, SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.whisper.recognizer import WhisperRecognizer
from services.speech.engines.whisper.settings import WhisperModelFiles
from services.speech.media.sound import SoundOrder
from tests.fakes.media import KINDS, make_media

RATE = 16_000
TIMEOUT_S = 900.0
TEXTS = {
    "zh": ("zhichu", "清晨的阳光洒在湖面上，远处传来一阵悠扬的笛声。会议改到下午三点半，请大家提前十分钟到场。"),
    "en": ("heart", "The weather is fine today, so let us take a walk in the park. The meeting is at half past three."),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One file heard. Times in seconds."""

    audio_s: float
    first_progress_s: float
    total_s: float


def spoken(cache_dir: Path) -> dict[str, NDArray[np.float32]]:
    """Each text as samples, with a pause behind it."""
    speak = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)().synthesize
    found = {}
    for language, (voice, text) in TEXTS.items():
        data = speak(SynthesisRequest(text, voice, AudioFormat.PCM)).data
        samples = resample_poly(np.frombuffer(data, "<i2") / 32768, 2, 3).astype(np.float32)
        found[language] = np.concatenate([samples, np.zeros(RATE, np.float32)])
    return found


async def hear(recognizer: WhisperRecognizer, media: Path) -> Run:
    started = time.perf_counter()
    told: list[float] = []
    heard = await recognizer.recognize(
        media, timeout_s=TIMEOUT_S, on_progress=lambda _: told.append(time.perf_counter() - started)
    )
    return Run(heard.duration_ms / 1000, told[0], time.perf_counter() - started)


async def measure(options: argparse.Namespace) -> None:
    speech = spoken(options.cache_dir)
    files = WhisperModelFiles(DEFAULT_MODELS_DIR, options.cache_dir)
    recognizer = WhisperRecognizer(files, SoundOrder(), threads=options.threads)
    with tempfile.TemporaryDirectory() as folder:
        media = Path(folder) / "media.mp4"
        try:
            media.write_bytes(make_media(KINDS["mp4"], speech["zh"]))
            cold = await hear(recognizer, media)
            print(f"first file, {cold.audio_s:.0f} s, workers started and model loaded: {cold.total_s:.1f} s")
            for language, seconds in ((language, seconds) for language in speech for seconds in options.seconds):
                media.write_bytes(make_media(KINDS["mp4"], np.resize(speech[language], seconds * RATE)))
                runs = [await hear(recognizer, media) for _ in range(options.runs)]
                for line in report(f"{language}, {seconds} s", runs):
                    print(line)
        finally:
            await recognizer.aclose()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest worker: {peak:.0f} MiB resident; load average {os.getloadavg()[0]:.1f}")


def report(subject: str, runs: list[Run]) -> Iterator[str]:
    factors = [run.total_s / run.audio_s for run in runs]
    first = statistics.median(run.first_progress_s for run in runs)
    yield (
        f"{subject}: RTF {statistics.median(factors):.3f} ({min(factors):.3f} to {max(factors):.3f}), "
        f"first progress after {first:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--seconds", type=int, nargs="+", default=[5, 60, 300])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
