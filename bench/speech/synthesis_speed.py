"""Speed of the offline engine: processing time over audio time, lower is better.

Method. The Kokoro engine is loaded in this process and speaks a Mandarin and an English text of several sentences to
finished WAV bytes, so normalisation, phonemes, inference, levelling and encoding all count. Each figure is the median
of three runs after one that is not counted. A file is delivered whole, so the first result of a short sentence is its
end; that is told in seconds, and the seconds from a cold process, in which the model is loaded. Memory is the largest
resident set of the process after all of it. The peer, in the same run on the same English text and thread count, is
hibari, a much smaller English-only model; it has no Mandarin voice.

    python -m bench.speech.synthesis_speed [--cache-dir DIR] [--threads N ...]
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hibari import SAMPLE_RATE, Hibari

from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory

RUNS = 3
SHORT = {"zhichu": "你好，很高兴认识你。", "heart": "That sounds like a great idea!"}
CHINESE = (
    "春天来了，花儿开了，小鸟在树上唱歌，我们一起去公园散步吧。会议改到下午3:30，请大家提前10分钟到场。"
    "本季度销售额增长了15.6%，超过了年初的目标。我们今天发布了iPhone手机和AI助手。"
)
ENGLISH = (
    "The weather is fine today, so let us take a walk in the park. The meeting has been moved to 3:30 pm. "
    "Sales grew by 15.6% this quarter, which is more than we had hoped for at the beginning of the year."
)


def median_factor(speak: Callable[[], float]) -> float:
    """`speak` does the work once and returns the seconds of audio it made."""
    speak()
    factors = []
    for _ in range(RUNS):
        started = time.perf_counter()
        audio_s = speak()
        factors.append((time.perf_counter() - started) / audio_s)
    return statistics.median(factors)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def first_results(cache_dir: Path) -> Iterator[str]:
    """How long a client waits for one short sentence."""
    for voice, text in SHORT.items():
        load = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)
        started = time.perf_counter()
        engine = load()
        speak = partial(engine.synthesize, SynthesisRequest(text, voice))
        speak()
        cold = time.perf_counter() - started
        warm = [seconds(speak) for _ in range(RUNS)]
        yield f"{voice}, {len(text)} characters: {statistics.median(warm):.2f} s, {cold:.2f} s with the model's load"


def measure(threads: int, cache_dir: Path) -> dict[str, float]:
    """Real-time factors with `threads` ONNX threads, by what was spoken."""
    kokoro = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir, threads=threads)()
    hibari = Hibari(threads=threads)
    return {
        "kokoro zhichu zh": median_factor(
            lambda: kokoro.synthesize(SynthesisRequest(CHINESE, "zhichu")).duration_ms / 1000
        ),
        "kokoro heart en": median_factor(
            lambda: kokoro.synthesize(SynthesisRequest(ENGLISH, "heart")).duration_ms / 1000
        ),
        "hibari heart en": median_factor(lambda: len(hibari(ENGLISH)) / SAMPLE_RATE),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    for line in first_results(options.cache_dir):
        print(line)
    for threads in options.threads:
        for subject, factor in measure(threads, options.cache_dir).items():
            print(f"{subject}, {threads} threads: RTF {factor:.3f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:.0f} MiB resident; load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
