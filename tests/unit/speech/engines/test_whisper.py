"""The real recogniser: the model is loaded once for all of these tests, the speech is the synthesiser's."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from scipy.signal import resample_poly

from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import AudioFormat, Recognition, SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.recognition.recognizer import UNDETERMINED
from services.speech.engines.recognition.stretches import find_stretches
from services.speech.engines.whisper.engine import WhisperEars, believed_language
from services.speech.engines.whisper.recognizer import WhisperRecognizer
from services.speech.engines.whisper.settings import MODEL_NAME, WhisperModelFiles
from services.speech.media.sound import Sound, SoundOrder
from tests.fakes.media import KINDS, make_media, tone

pytestmark = pytest.mark.model

RATE = 16_000
CHINESE = "今天天气很好，我们去公园散步吧。"
ENGLISH = "The weather is fine today, so let us take a walk in the park."
NUMBER = "有问题请拨打13800138000，我们会尽快回复您。"
Samples = NDArray[np.float32]
Hear = Callable[[Samples], Recognition]


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def files(cache_dir: Path) -> WhisperModelFiles:
    return WhisperModelFiles(DEFAULT_MODELS_DIR, cache_dir)


@pytest.fixture(scope="module")
def speech(cache_dir: Path) -> dict[str, Samples]:
    """What is said in both languages, at the recogniser's rate."""
    speak = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir)().synthesize
    spoken = {}
    for text, voice in ((CHINESE, "zhichu"), (NUMBER, "zhichu"), (ENGLISH, "heart")):
        data = speak(SynthesisRequest(text, voice, AudioFormat.PCM)).data
        spoken[text] = resample_poly(np.frombuffer(data, "<i2") / 32768, 2, 3).astype(np.float32)
    return spoken


@pytest.fixture(scope="module")
def hear(files: WhisperModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Hear:
    ears = WhisperEars(files.ensure(), files.name, threads=2)
    path = tmp_path_factory.mktemp("sounds") / "samples"

    def listen(samples: Samples) -> Recognition:
        path.write_bytes(samples.astype("<f4").tobytes())
        return ears.hear(Sound(path, RATE, len(samples), RATE))

    return listen


def test_language_and_words_take_one_look(
    files: WhisperModelFiles, speech: dict[str, Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = WhisperModel.encode, []

    def counted(model: WhisperModel, features: Samples) -> object:
        looks.append(features.shape)
        return look(model, features)

    monkeypatch.setattr(WhisperModel, "encode", counted)
    ears = WhisperEars(files.ensure(), files.name, threads=2)
    file = tmp_path / "samples"
    for spoken in (speech[CHINESE], speech[ENGLISH]):
        file.write_bytes(spoken.astype("<f4").tobytes())
        assert ears.hear(Sound(file, RATE, len(spoken), RATE)).sentences

    assert len(looks) == 2


def chords(duration_s: float) -> Samples:
    """Four struck chords of four voices with overtones, one a second."""
    moments = np.arange(RATE) / RATE
    struck = [
        np.exp(-2 * moments) * sum(np.sin(math.tau * f * k * moments) / k for f in voices for k in (1, 2, 3, 4))
        for voices in ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    ]
    return np.resize(0.1 * np.concatenate(struck), int(duration_s * RATE)).astype(np.float32)


def noise(duration_s: float) -> Samples:
    return (0.1 * np.random.default_rng(1).standard_normal(int(duration_s * RATE))).astype(np.float32)


def beats(duration_s: float) -> Samples:
    return noise(duration_s) * np.exp(-np.arange(int(duration_s * RATE)) % (RATE // 4) / 300).astype(np.float32)


def test_chinese_is_heard_with_its_sentences_and_words(hear: Hear, speech: dict[str, Samples]) -> None:
    heard = hear(speech[CHINESE])
    [sentence] = heard.sentences
    assert (sentence.text, heard.language, heard.model) == (CHINESE, "zh", MODEL_NAME)
    assert "".join(word.text for word in sentence.words) == CHINESE
    times = [time for word in sentence.words for time in (word.begin_ms, word.end_ms)]
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= heard.duration_ms
    assert (sentence.begin_ms, sentence.end_ms) == (times[0], times[-1])


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(8 * RATE, np.float32), id="silence"),
        pytest.param(noise(8), id="noise"),
        pytest.param(tone(RATE, duration_s=8), id="tone"),
        pytest.param(chords(8), id="chords"),
        pytest.param(beats(8), id="beats"),
        pytest.param(chords(8) + beats(8), id="music"),
        pytest.param(noise(0.01), id="hardly anything"),
    ],
)
def test_where_nobody_speaks_nothing_is_heard(hear: Hear, sound: Samples) -> None:
    heard = hear(sound)
    assert (heard.sentences, heard.language) == ((), UNDETERMINED)
    assert heard.duration_ms == round(len(sound) / RATE * 1000)


@pytest.mark.parametrize(
    ("chances", "duration_s", "language"),
    [
        ({"de": 0.62, "zh": 0.02, "en": 0.01}, 1.5, "zh"),
        ({"de": 0.62, "zh": 0.01, "en": 0.02}, 1.5, "en"),
        ({"de": 0.62, "zh": 0.02, "en": 0.01}, 3.1, "de"),
        ({"de": 0.85, "zh": 0.02, "en": 0.01}, 1.5, "de"),
        ({"de": 0.2, "zh": 0.1, "en": 0.3}, 1.5, "en"),
    ],
)
def test_a_short_stretch_is_another_language_only_if_that_is_certain(
    chances: dict[str, float], duration_s: float, language: str
) -> None:
    assert believed_language(chances, duration_s=duration_s) == language


def test_a_row_of_digits_does_not_lead_into_a_loop(hear: Hear, speech: dict[str, Samples]) -> None:
    text = "".join(sentence.text for sentence in hear(speech[NUMBER]).sentences)
    assert text.rstrip("。").endswith("回复您")
    assert len(text) < len(NUMBER) + 6


def test_speech_is_heard_over_what_is_not(hear: Hear, speech: dict[str, Samples]) -> None:
    spoken = speech[CHINESE]
    under = (chords(9) + noise(9))[: len(spoken)]
    level = float(np.sqrt(np.mean(spoken**2) / np.mean(under**2) / 10))  # 10 dB below
    text = "".join(sentence.text for sentence in hear(spoken + under * level).sentences)
    assert "天气" in text and "散步" in text
    assert len(text) < len(CHINESE) + 4


def test_stretches_are_short_enough_for_one_look_and_leave_no_speech_out(speech: dict[str, Samples]) -> None:
    gap = np.zeros(RATE // 2, np.float32)
    long = np.concatenate([speech[CHINESE], gap] * 100)
    stretches = list(find_stretches(long))
    assert all(0 < each.end - each.start <= 28 * RATE for each in stretches)
    assert all(one.end <= other.start for one, other in pairwise(stretches))
    assert sum(each.end - each.start for each in stretches) > 0.9 * len(speech[CHINESE]) * 100
    assert len(long) > 300 * RATE  # more than one block of the search


@pytest.fixture
async def recognizer(files: WhisperModelFiles) -> AsyncIterator[WhisperRecognizer]:
    recognizer = WhisperRecognizer(files, SoundOrder(max_duration_s=60))
    yield recognizer
    await recognizer.aclose()


@pytest.fixture
def film(speech: dict[str, Samples], tmp_path: Path) -> Path:
    """The English sentence twice, with half a minute between."""
    pause = np.zeros(27 * RATE, np.float32)
    film = tmp_path / "media.mp4"
    film.write_bytes(make_media(KINDS["mp4"], np.concatenate([speech[ENGLISH], pause, speech[ENGLISH]])))
    return film


async def test_a_film_goes_through_both_workers(recognizer: WhisperRecognizer, film: Path) -> None:
    told: list[float] = []
    heard = await recognizer.recognize(film, timeout_s=60, on_progress=told.append)
    assert ([sentence.text for sentence in heard.sentences], heard.language) == ([ENGLISH] * 2, "en")
    later = heard.sentences[1].begin_ms - heard.sentences[0].begin_ms
    assert later == pytest.approx(heard.duration_ms / 2 + 13_500, abs=700)
    assert told == sorted(told) and len(told) == 2 and 0 < told[0] < 0.5 and told[1] <= 1
    await _check_cancelling(recognizer, film)
    assert [path.name for path in await asyncio.to_thread(lambda: list(film.parent.iterdir()))] == ["media.mp4"]


async def _check_cancelling(recognizer: WhisperRecognizer, film: Path) -> None:
    """The worker that listens is killed, and the recogniser is free for others, at once."""
    started = asyncio.Event()
    now = asyncio.get_running_loop().time
    hearing = asyncio.create_task(recognizer.recognize(film, timeout_s=100, on_progress=lambda _: started.set()))
    async with asyncio.timeout(100):
        await started.wait()
    hearing.cancel()
    before = now()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    assert now() - before < 5.0


def test_an_operators_folder_is_used_as_it_is(tmp_path: Path, files: WhisperModelFiles) -> None:
    own = tmp_path / "whisper-large-v3"
    own.mkdir()
    configured = WhisperModelFiles(DEFAULT_MODELS_DIR, tmp_path, own)
    assert [problem.rpartition(" lacks ")[2] for problem in configured.problems()] == [
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt or vocabulary.json",
    ]
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (own / name).touch()
    assert configured.problems() == ()
    assert (configured.name, configured.sha256(), configured.ensure()) == ("whisper-large-v3", "", own)
    assert files.problems() == () and len(files.sha256()) == 64


def test_a_missing_manifest_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    nothing = WhisperModelFiles(tmp_path, tmp_path)
    assert nothing.problems() == ("model manifest is not installed",)
    assert nothing.sha256() == ""
