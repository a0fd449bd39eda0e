"""The real engine: the model is loaded once for all of these tests."""

import asyncio
import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kit.models import DEFAULT_MODELS_DIR
from services.speech.catalogue.samples import sample_request
from services.speech.catalogue.templates import find_template
from services.speech.dsp.delivery import measure_delivery
from services.speech.emotion.delivery import Delivery
from services.speech.emotion.manners import manner_of_vector
from services.speech.emotion.vector import Emotion, effective
from services.speech.engines.base import AudioFormat, SynthesisRequest, SynthesizedAudio
from services.speech.engines.errors import NothingToSpeak, TextTooLong, UnknownVoice
from services.speech.engines.kokoro.acoustic import reaching
from services.speech.engines.kokoro.phonemes import Phonemizer, split_phonemes
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.registry import AUTO, SynthesizerSettings, open_synthesizer
from services.speech.media.decoding import decode
from services.speech.media.sound import SoundOrder
from services.speech.text.tokens import count_tokens

pytestmark = [pytest.mark.long, pytest.mark.model]

MIXED = "你好，世界！我们今天发布了iPhone手机。"


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


class Studio:
    """Speaks as bare samples, which tests can measure."""

    def __init__(self, cache_dir: Path) -> None:
        self.synthesize = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir, max_chars=500)().synthesize

    def record(
        self, text: str, voice: str = "zhichu", *, volume: int = 50, pitch_rate: float = 1.0
    ) -> NDArray[np.float32]:
        request = SynthesisRequest(text, voice, AudioFormat.PCM, volume=volume, pitch_rate=pitch_rate)
        samples = np.frombuffer(self.synthesize(request).data, dtype="<i2")
        return np.asarray(samples / 32768, dtype=np.float32)


@pytest.fixture(scope="module")
def studio(cache_dir: Path) -> Iterator[Studio]:
    yield Studio(cache_dir)


def active_level_db(audio: NDArray[np.float32]) -> float:
    frames = audio[: len(audio) // 480 * 480].reshape(-1, 480)
    levels = np.sqrt(np.mean(np.square(frames), axis=1))
    return float(20 * np.log10(np.sqrt(np.mean(np.square(levels[levels > levels.max() / 18])))))


def test_a_mixed_sentence_has_segments_that_cover_it(studio: Studio) -> None:
    made = studio.synthesize(SynthesisRequest(MIXED, "zhichu"))
    assert [segment.text for segment in made.segments] == ["你好，世界！", "我们今天发布了iPhone手机。"]
    assert made.segments[0].start_ms == 0
    assert all(one.end_ms == other.start_ms for one, other in pairwise(made.segments))
    assert all(segment.start_ms < segment.end_ms for segment in made.segments)
    assert 2000 < made.duration_ms < 6000
    assert (made.engine, made.model, made.sample_rate) == ("kokoro", "kokoro-82m-v1.0-int8", 24_000)


# The longest frame of each format, in ms: what its encoder may add.
@pytest.mark.parametrize(("audio_format", "frame_ms"), [("wav", 1), ("pcm", 1), ("mp3", 48), ("opus", 20)])
@pytest.mark.parametrize(("speech_rate", "pitch_rate"), [(1.0, 1.0), (1.7, 0.8)])
def test_segments_add_up_to_the_file(
    studio: Studio, tmp_path: Path, audio_format: str, frame_ms: int, speech_rate: float, pitch_rate: float
) -> None:
    request = SynthesisRequest(
        "一。二，三！", "zhichu", AudioFormat(audio_format), speech_rate=speech_rate, pitch_rate=pitch_rate
    )
    made = studio.synthesize(request)
    file = tmp_path / f"spoken.{audio_format}"
    file.write_bytes(made.data)
    bare_factor = 1.5 if audio_format == "pcm" else 1.0  # no header tells of its 24 kHz
    heard = decode(None, file, tmp_path / "samples", SoundOrder())
    total = sum(segment.end_ms - segment.start_ms for segment in made.segments)
    assert total == pytest.approx(heard.duration_ms / bare_factor, abs=frame_ms)


def test_speed_scales_audio_and_segments(studio: Studio) -> None:
    normal = studio.synthesize(SynthesisRequest(MIXED, "zhichu"))
    fast = studio.synthesize(SynthesisRequest(MIXED, "zhichu", speech_rate=2.0))
    assert fast.duration_ms == pytest.approx(normal.duration_ms / 2, abs=2)
    assert fast.segments[1].start_ms == pytest.approx(normal.segments[1].start_ms / 2, abs=2)


def test_pitch_keeps_the_duration(studio: Studio) -> None:
    assert len(studio.record(MIXED, pitch_rate=1.5)) == len(studio.record(MIXED))


@pytest.mark.parametrize("template_id", [6, 15])
def test_samples_are_as_long_as_the_catalogue_says(studio: Studio, template_id: int) -> None:
    template = find_template(template_id)
    spoken = studio.synthesize(sample_request(template))
    assert spoken.duration_ms == pytest.approx(template.sample_duration_ms, abs=50)


def test_languages_and_voices_are_equally_loud(studio: Studio) -> None:
    levels = [
        active_level_db(studio.record("今天天气很好，我们去公园散步。", "zhichu")),
        active_level_db(studio.record("今天天气很好，我们去公园散步。", "zhijie")),
        active_level_db(studio.record("The weather is fine, let us walk in the park.", "heart")),
        active_level_db(studio.record("The weather is fine, let us walk in the park.", "adam")),
    ]
    assert max(levels) - min(levels) < 2.0


def test_volume_reaches_from_silence_to_the_ceiling(studio: Studio) -> None:
    assert not studio.record("你好", volume=0).any()
    loud = studio.record(MIXED, volume=100)
    assert float(np.abs(loud).max()) <= 0.892
    assert active_level_db(loud) - active_level_db(studio.record(MIXED, volume=50)) > 3.0


@pytest.mark.parametrize("text", ["", "。。。", "👍", "Привет"])
def test_nothing_to_speak(studio: Studio, text: str) -> None:
    with pytest.raises(NothingToSpeak):
        studio.synthesize(SynthesisRequest(text, "zhichu"))


def test_limits_and_unknown_voices(studio: Studio) -> None:
    with pytest.raises(TextTooLong):
        studio.synthesize(SynthesisRequest("好" * 501, "zhichu"))
    with pytest.raises(UnknownVoice):
        studio.synthesize(SynthesisRequest("好", "nobody"))


@pytest.mark.parametrize("text", ["呣呒噷欸囧龘", "好" * 50, "a" * 200, "A B C", "1234567890" * 2, "哼!!!???"])
def test_awkward_text_is_spoken(studio: Studio, text: str) -> None:
    assert active_level_db(studio.record(text)) > -30.0


def test_a_lone_letter_between_han_characters_is_spelt(cache_dir: Path) -> None:
    phonemizer = Phonemizer(cache_dir)
    assert "ˈA" in [part.phonemes for part in phonemizer.pronounce("他得了A级")]
    assert next(phonemizer.pronounce("A cat")).phonemes == "ɐ"


@pytest.mark.parametrize(
    ("phonemes", "lengths"), [("abc, " * 30, None), ("a" * 100, [40, 40, 20]), ("a" * 40 + ". " * 30 + "a", [40, 21])]
)
def test_phonemes_are_split_within_the_limit(phonemes: str, lengths: list[int] | None) -> None:
    pieces = [phonemes[piece] for piece in split_phonemes(phonemes, 40)]
    assert all(len(piece) <= 40 for piece in pieces)
    assert "".join(pieces).count("a") == phonemes.count("a")
    assert lengths is None or [len(piece) for piece in pieces] == lengths


def test_words_of_both_languages_follow_each_other_in_their_sentence(studio: Studio) -> None:
    [segment] = studio.synthesize(SynthesisRequest("他跑完10公里，well done。", "zhichu", AudioFormat.PCM)).segments
    assert [word.text for word in segment.words] == ["他", "跑", "完", "10公里", "well", "done"]
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(segment.words))
    assert all(segment.start_ms <= word.start_ms < word.end_ms <= segment.end_ms for word in segment.words)


def test_words_are_where_the_sound_is(studio: Studio) -> None:
    """Beside the pauses between sentences, and with the tempo changed."""
    made = studio.synthesize(SynthesisRequest("好！好！", "zhiwei", AudioFormat.PCM, speech_rate=0.5))
    energy = np.square(np.frombuffer(made.data, dtype="<i2") / 32768)
    words = [word for segment in made.segments for word in segment.words]
    assert len(words) == 2
    assert sum(energy[word.start_ms * 24 : word.end_ms * 24].sum() for word in words) > 0.9 * energy.sum()


async def test_the_pool_speaks_without_stopping_the_loop(cache_dir: Path) -> None:
    synthesizer = open_synthesizer(AUTO, SynthesizerSettings(cache_dir, onnx_threads=1))
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    ticker = asyncio.create_task(tick())
    try:
        made: SynthesizedAudio = await synthesizer.synthesize(
            SynthesisRequest("你好。", "zhichu", AudioFormat.OPUS), timeout_s=60.0
        )
    finally:
        ticker.cancel()
        await synthesizer.aclose()
    assert io.BytesIO(made.data).read(4) == b"OggS"
    assert turns > made.duration_ms / 50


def test_emotions_change_how_it_is_spoken(studio: Studio) -> None:
    def delivery_of(emotion: Emotion) -> tuple[Delivery, int]:
        manner = manner_of_vector(effective(tuple(float(each is emotion) for each in Emotion), 1.0))
        made = studio.synthesize(SynthesisRequest(MIXED, "zhichu", AudioFormat.PCM, manner=manner))
        samples = np.asarray(np.frombuffer(made.data, dtype="<i2") / 32768, dtype=np.float32)
        return measure_delivery(samples, made.sample_rate), made.duration_ms

    angry, angry_ms = delivery_of(Emotion.ANGRY)
    sad, sad_ms = delivery_of(Emotion.SAD)
    assert angry_ms < 0.85 * sad_ms
    assert angry.median_hz > 1.15 * sad.median_hz
    assert angry.range_semitones > 1.2 * sad.range_semitones
    assert angry.level_db > sad.level_db + 4


def test_pieces_are_no_longer_than_asked(studio: Studio) -> None:
    text = "今天天气真好，我们一起去公园，看看花和鸟，听听风声吧。"
    whole = studio.synthesize(SynthesisRequest(text, "zhichu", max_tokens=120))
    cut = studio.synthesize(SynthesisRequest(text, "zhichu", max_tokens=20))
    assert len(whole.segments) == 1
    assert [count_tokens(segment.text) for segment in cut.segments] == [18, 5]
    assert "".join(segment.text for segment in cut.segments) == text


def test_a_pack_reaches_to_its_longest_style() -> None:
    pack = np.arange(8, dtype=np.float32).reshape(4, 2)

    assert reaching(pack, 1.0).tolist() == pack.tolist()
    assert reaching(pack, 1.5)[:, 0].tolist() == [0, 2, 6, 6]


def test_plosives_amid_mandarin_are_aspirated_and_letters_stressed_alike(cache_dir: Path) -> None:
    phonemizer = Phonemizer(cache_dir)

    def phonemes_of(text: str) -> list[str]:
        return [part.phonemes for part in phonemizer.pronounce(text) if part.text.isascii() and part.text]

    assert phonemes_of("把PPT发来") == ["pʰˈipʰˈitʰˈi"]
    assert phonemes_of("WiFi密码") == ["wˈIfˌI"]
    assert phonemes_of("用spa卡") == ["spˈɑ"]
    assert phonemes_of("PPT") == ["pˌipˌitˈi"]
