"""The engine that hears over the stand-in of its library, with real speech for the voice activity detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import AudioFormat, Quality, Recognition, SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.sherpa import hearing
from services.speech.engines.sherpa.settings import LoadSherpaEars
from services.speech.media.sound import Sound
from tests.fakes import sherpa as stand_in
from tests.fakes.sherpa_folders import make_folder

pytestmark = pytest.mark.model

RATE = 16_000


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A second of silence, then a sentence."""
    folder = tmp_path_factory.mktemp("speech")
    speak = KokoroFactory(DEFAULT_MODELS_DIR, folder)().synthesize
    data = speak(SynthesisRequest("今天天气很好。", "zhichu", AudioFormat.PCM)).data
    spoken = resample_poly(np.frombuffer(data, "<i2") / 32768, 2, 3)
    samples = np.concatenate((np.zeros(RATE), spoken)).astype("<f4")
    path = folder / "samples"
    path.write_bytes(samples.tobytes())
    return Sound(path, RATE, len(samples), RATE)


def hear(folder: Path, sound: Sound) -> Recognition:
    return LoadSherpaEars(folder, threads=1)().hear(sound)


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "sherpa_onnx", stand_in)


def test_times_of_words_count_from_the_start_of_the_recording(tmp_path: Path, speech: Sound) -> None:
    heard = hear(make_folder(tmp_path, "sense_voice"), speech)
    [sentence] = heard.sentences
    assert (sentence.text, heard.language, heard.model) == ("今天天气，", "zh", "mine")
    assert [word.text for word in sentence.words] == ["今", "天", "天", "气，"]
    # The detector lets through a little of what is before the first sound.
    assert 700 < sentence.begin_ms < 1300
    assert sentence.words[1].begin_ms - sentence.begin_ms == 200
    assert (heard.quality, heard.duration_ms) == (Quality.NATIVE, speech.duration_ms)


def test_pieces_of_words_are_put_together(tmp_path: Path, speech: Sound) -> None:
    heard = hear(make_folder(tmp_path, "paraformer"), speech)
    assert [sentence.text for sentence in heard.sentences] == ["hello world"]
    assert heard.language == "en"


def test_without_times_of_words_there_are_sentences(tmp_path: Path, speech: Sound) -> None:
    heard = hear(make_folder(tmp_path, "whisper"), speech)
    assert [(sentence.text, sentence.words) for sentence in heard.sentences] == [
        ("Good morning.", ()),
        ("How are you?", ()),
    ]
    first, second = heard.sentences
    assert 700 < first.begin_ms < first.end_ms == second.begin_ms < second.end_ms <= speech.duration_ms


def test_the_language_of_engine_toml_is_the_one_that_is_heard(tmp_path: Path, speech: Sound) -> None:
    folder = make_folder(tmp_path, "whisper")
    (folder / "engine.toml").write_text('language = "de"\n')
    assert hear(folder, speech).language == "de"


def test_where_nobody_speaks_the_model_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    path.write_bytes(np.zeros(2 * RATE, "<f4").tobytes())
    heard = hear(make_folder(tmp_path, "sense_voice"), Sound(path, RATE, 2 * RATE, RATE))
    assert (heard.sentences, heard.language, heard.duration_ms) == ((), "und", 2000)
