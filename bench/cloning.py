"""How near a clone comes to a voice: similarity by a speaker encoder, and intelligibility.

Method. The targets are voices of Kokoro that are neither shipped nor part of the space the search moves in (see
`tools/style_space.py`): two women, two men. Each reads a sample of about fifteen seconds; the platform's cloning learns
it. Then the default voice, the stock voice most like the sample, and the clone read sentences that neither sample nor
search contained. Similarity is the cosine of the embeddings of reading and sample, by the encoder the search itself
uses: an independent one would be kinder to the stock voices. `same voice` is the target itself reading the sentences,
the most there is to reach. Character errors are counted as in `bench.speech.round_trips`. What a search has found is
kept, so that a run that was stopped goes on behind it.

    python -m bench.cloning <folder of kokoro-js 1.2.1 voices> [--cache-dir DIR] [--evaluations N] [--target NAME ...]
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.speech.comparison import Comparison, rate
from bench.speech.sentences import Sentence, misheard, sentences
from bench.speech.studio import Listener, heard_samples, text_of
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import AudioFormat, Language, SynthesisRequest
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.style_clone.encoder import SpeakerEncoder, similarity
from services.speech.engines.style_clone.learner import LearntStyle, StyleLearner
from services.speech.engines.style_clone.mel import SAMPLE_RATE
from services.speech.engines.style_clone.settings import ENCODER_FILE, StyleCloneOptions, StyleModelFiles
from services.speech.engines.styles import StyleFolder, StyleVoice
from tools.style_space import HELD_OUT

DEFAULT_VOICE = "zhichu"
SAMPLE_TEXT = (
    "小时候，我常常坐在门前的石阶上，听奶奶讲过去的事情。她说话很慢，声音温和，像傍晚的风。"
    "后来我走过很多城市，见过很多人，却再也没有听过那样的故事。"
)
STOCK_TEXT = "小时候，我常常坐在门前的石阶上，听奶奶讲过去的事情。"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a voice reached: mean similarity over the sentences, and what was understood of them."""

    likeness: float
    heard: tuple[Comparison, ...]


class Studio:
    """Reads with preset voices and with packs."""

    def __init__(self, cache_dir: Path, folder: Path, chosen: Sequence[Sentence]) -> None:
        self._kokoro = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir, threads=1)()
        self._folder = StyleFolder(cache_dir)
        self._encoder = SpeakerEncoder.load(StyleModelFiles(DEFAULT_MODELS_DIR, cache_dir).store().ensure(ENCODER_FILE))
        self._listener = Listener(cache_dir, folder)
        self._sentences = chosen
        self._takes: dict[tuple[str, Sentence], tuple[NDArray[np.float32], Comparison]] = {}

    def voice_of(self, pack: bytes, pitch: float = 1.0) -> str:
        """The name under which the engine speaks with a pack."""
        style = StyleVoice(hashlib.sha256(pack).hexdigest(), Language.CHINESE, pitch)
        self._folder.keep(pack, style.sha256)
        return style.name

    def record(self, text: str, voice: str) -> NDArray[np.float32]:
        """At the encoder's rate."""
        return heard_samples(self._kokoro.synthesize(SynthesisRequest(text, voice, AudioFormat.PCM)).data)

    def embed(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._encoder.embed(audio)

    def read(self, voice: str, target: NDArray[np.float32]) -> Reading:
        """All sentences, compared with the embedding of a target."""
        takes = [self._take(voice, sentence) for sentence in self._sentences]
        likeness = [similarity(embedding, target) for embedding, _ in takes]
        return Reading(float(np.mean(likeness)), tuple(heard for _, heard in takes))

    @cached_property
    def stock(self) -> dict[str, NDArray[np.float32]]:
        """The embedding of every preset voice."""
        return {each.voice_id: self.embed(self.record(STOCK_TEXT, each.voice_id)) for each in voices()}

    def _take(self, voice: str, sentence: Sentence) -> tuple[NDArray[np.float32], Comparison]:
        """A sentence read once: its embedding, and what was understood."""
        if (voice, sentence) not in self._takes:
            spoken = self._kokoro.synthesize(SynthesisRequest(sentence.text, voice, AudioFormat.PCM)).data
            samples = heard_samples(spoken)
            heard = text_of(self._listener.hear(samples))
            counted = misheard(sentence, heard, Language.CHINESE)
            self._takes[voice, sentence] = (self.embed(samples), counted)
        return self._takes[voice, sentence]


def measure(
    pack: Path, studio: Studio, learner: StyleLearner, *, options: StyleCloneOptions, kept: Path
) -> dict[str, Reading]:
    """Everything about one target. What has been learnt lies in the folder `kept` and is not searched again."""
    own = studio.voice_of(pack.read_bytes())
    sample = studio.record(SAMPLE_TEXT, own)
    target = studio.embed(sample)
    learnt = _learnt(kept / f"{pack.stem}-{options.evaluations}.npz", sample, learner, options)
    print(
        f"{pack.stem}: sample {len(sample) / SAMPLE_RATE:.1f} s, {learnt.evaluations} evaluations, "
        f"pitch x{learnt.pitch}, in the search {learnt.similarity:.2f}",
        flush=True,
    )
    best = max(studio.stock, key=lambda voice_id: similarity(studio.stock[voice_id], target))
    readings = {
        "default": studio.read(DEFAULT_VOICE, target),
        "best stock": studio.read(best, target),
        "clone": studio.read(studio.voice_of(learnt.pack, learnt.pitch), target),
        "same voice": studio.read(own, target),
    }
    for name, reading in readings.items():
        called = f"{name} ({best})" if name == "best stock" else name
        print(f"  {called}: {reading.likeness:.3f}, character errors {rate(reading.heard):.1%}", flush=True)
    return readings


def _learnt(file: Path, sample: NDArray[np.float32], learner: StyleLearner, options: StyleCloneOptions) -> LearntStyle:
    if file.exists():
        with np.load(file, allow_pickle=False) as stored:
            return LearntStyle(
                pack=stored["pack"].tobytes(),
                language=Language.CHINESE,
                pitch=float(stored["pitch"]),
                similarity=float(stored["similarity"]),
                evaluations=int(stored["evaluations"]),
            )
    started = time.perf_counter()
    learnt = learner.learn(sample, Language.CHINESE, options, source_rate=SAMPLE_RATE)
    print(f"{file.stem}: searched for {time.perf_counter() - started:.0f} s", flush=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        pack=np.frombuffer(learnt.pack, dtype="<f4"),
        pitch=learnt.pitch,
        similarity=learnt.similarity,
        evaluations=learnt.evaluations,
    )
    return learnt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--evaluations", type=int, default=StyleCloneOptions().evaluations)
    parser.add_argument("--every", type=int, default=4, help="of the sentences only every so many")
    parser.add_argument("--kept", type=Path, default=Path("data/bench/clones"), help="where learnt voices are kept")
    parser.add_argument("--target", action="append", help="name of a pack; the four held out if omitted")
    options = parser.parse_args()
    learner = StyleLearner(StyleModelFiles(DEFAULT_MODELS_DIR, options.cache_dir), threads=1)
    search = StyleCloneOptions(evaluations=options.evaluations, max_search_s=3600.0)
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(options.cache_dir, Path(folder), sentences(Language.CHINESE)[:: options.every])
        results = [
            measure(options.folder / f"{name}.bin", studio, learner, options=search, kept=options.kept)
            for name in options.target or HELD_OUT
        ]
    for name in ("default", "best stock", "clone", "same voice"):
        likeness = np.mean([each[name].likeness for each in results])
        print(f"{name}: {likeness:.3f}, {rate(count for each in results for count in each[name].heard):.1%}")


if __name__ == "__main__":
    main()
