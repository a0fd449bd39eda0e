"""What emotions do to the offline voices: rate, pitch, range and energy, and whether the words are still understood.

Method. Ten Chinese sentences are spoken by a female and a male preset voice, plainly and with each of the eight
emotions at full strength, which after the rule of the vector is 0.8, of calm 0.56. Rate is the length of the plain
reading over that of the emotional one, pauses included; pitch, its range and the level of the speech are measured as
those of a reference recording are. Character errors are counted as in `bench.speech.round_trips`, on the same MP3,
which is what a client would get. Of angry against calm each sentence is a pair: how many of the twenty pairs
differ in the expected direction is said, too.

    python -m bench.emotion [--cache-dir DIR] [--emotion NAME ...]
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.speech.sentences import Sentence, misheard, sentences
from bench.speech.studio import Listener, text_of
from kit.models import DEFAULT_MODELS_DIR
from services.speech.domain.speakers import Prosody, Speaker
from services.speech.dsp.delivery import measure_delivery
from services.speech.emotion.delivery import Delivery
from services.speech.emotion.vector import Emotion, effective
from services.speech.engines.base import BlockingSynthesizer, Language, Quality
from services.speech.engines.dubbing import DubbingRequest, SpeakerEmotion, VectorEmotion
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.prosody.dubber import synthesis_of
from services.speech.media.decoding import decode_beginning
from services.speech.media.sound import SoundOrder

VOICES = ("zhichu", "zhiwei")
PLAIN = "plain"
_EVERY = 4
_SAMPLE_RATE = 16_000
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence as it was spoken."""

    duration_ms: int
    delivery: Delivery
    errors: int
    characters: int


def request_for(sentence: Sentence, voice: str, emotion: str) -> DubbingRequest:
    """The sentence with an emotion at full strength, or plainly."""
    vector = effective(tuple(float(each == emotion) for each in Emotion), 1.0)
    return DubbingRequest(
        text=sentence.text,
        speaker=Speaker(voice, Prosody(), Quality.NATIVE, None),
        emotion=SpeakerEmotion() if emotion == PLAIN else VectorEmotion(vector, 1.0),
        speed=1.0,
        volume_scale=1.0,
        max_tokens=120,
        content_id="bench",
    )


def read(
    engine: BlockingSynthesizer, listener: Listener, request: DubbingRequest, *, sentence: Sentence, folder: Path
) -> Reading:
    """Speaks, measures, recognises."""
    spoken = engine.synthesize(synthesis_of(request))
    file = folder / "reading.mp3"
    file.write_bytes(spoken.data)
    heard = decode_beginning(file, seconds=_LONGEST_S, order=SoundOrder(_SAMPLE_RATE))
    counted = misheard(sentence, text_of(listener.hear_file(file)), Language.CHINESE)
    delivery = measure_delivery(heard.samples, _SAMPLE_RATE)
    return Reading(spoken.duration_ms, delivery, counted.errors, counted.length)


def measure(emotions: Sequence[str], cache_dir: Path) -> dict[str, list[Reading]]:
    """Readings by emotion, the plain ones first, sentences and voices in the same order."""
    engine = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)()
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener(cache_dir, Path(folder))
        return {
            emotion: [
                read(engine, listener, request_for(each, voice, emotion), sentence=each, folder=Path(folder))
                for voice in VOICES
                for each in sentences(Language.CHINESE)[::_EVERY]
            ]
            for emotion in (PLAIN, *emotions)
        }


def report(readings: Mapping[str, list[Reading]]) -> None:
    """Prints the tables."""
    plain = readings[PLAIN]
    print("| | rate | pitch, semitones | range | level, dB | character errors |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for emotion, spoken in readings.items():
        pairs = list(zip(spoken, plain, strict=True))
        rate = statistics.median(usual.duration_ms / each.duration_ms for each, usual in pairs)
        pitch = statistics.median(semitones(each, usual) for each, usual in pairs)
        spread = statistics.median(
            each.delivery.range_semitones / usual.delivery.range_semitones for each, usual in pairs
        )
        level = statistics.median(each.delivery.level_db - usual.delivery.level_db for each, usual in pairs)
        errors = sum(each.errors for each in spoken) / sum(each.characters for each in spoken)
        print(f"| {emotion} | {rate:.2f} | {pitch:+.1f} | {spread:.2f} | {level:+.1f} | {errors:.1%} |")
    pairs = list(zip(readings.get(Emotion.ANGRY, ()), readings.get(Emotion.CALM, ()), strict=True))
    faster = sum(angry.duration_ms < calm.duration_ms for angry, calm in pairs)
    higher = sum(semitones(angry, calm) > 0 for angry, calm in pairs)
    louder = sum(angry.delivery.level_db > calm.delivery.level_db for angry, calm in pairs)
    print(f"\nAngry against calm, of {len(pairs)} pairs: {faster} faster, {higher} higher, {louder} louder.")


def semitones(left: Reading, right: Reading) -> float:
    """How much higher the left one is spoken."""
    return 12 * math.log2(left.delivery.median_hz / right.delivery.median_hz)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--emotion", nargs="+", choices=[*Emotion], default=[*Emotion])
    given = parser.parse_args()
    report(measure(given.emotion, given.cache_dir))
