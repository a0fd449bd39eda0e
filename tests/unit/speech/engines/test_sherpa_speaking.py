"""The voice engine over the stand-in of its library: what it makes of what the library gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.speech.engines.base import AudioFormat, BlockingSynthesizer, Quality, SynthesisRequest
from services.speech.engines.errors import EngineUnavailable, NothingToSpeak, TextTooLong, UnknownVoice
from services.speech.engines.pool import SynthesisPool
from services.speech.engines.sherpa import speaking
from services.speech.engines.sherpa.settings import ENGINE_NAME, SherpaFactory, voice_model, voices
from tests.fakes import sherpa as stand_in
from tests.fakes.sherpa_folders import make_folder

TEXT = "今天天气很好。我们走吧！"


@dataclass(frozen=True)
class LoadOverStandIn:
    """Makes the engine in a worker process, where the library is another."""

    factory: SherpaFactory

    def __call__(self) -> BlockingSynthesizer:
        vars(speaking)["sherpa_onnx"] = stand_in
        return self.factory()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "sherpa_onnx", stand_in)


def open_voice(folder: Path) -> BlockingSynthesizer:
    return SherpaFactory(folder, threads=1, producer="Voxreel", max_chars=100)()


def pitch_hz(samples: NDArray[np.float64], sample_rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples, sample_rate))))


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("kind", ["kokoro", "matcha", "vits"])
def test_every_kind_speaks(tmp_path: Path, kind: str) -> None:
    made = open_voice(make_folder(tmp_path, kind)).synthesize(SynthesisRequest(TEXT, "zhichu"))
    assert (made.engine, made.model, made.quality) == ("sherpa", "mine", Quality.NATIVE)
    assert [segment.text for segment in made.segments] == ["今天天气很好。", "我们走吧！"]
    assert (made.segments[0].start_ms, made.segments[-1].end_ms) == (0, made.duration_ms)
    # 50 ms a character at the model's own rate, 30 ms that stay of each silence, and the pause between.
    assert made.duration_ms == pytest.approx(12 * 50 + 4 * 30 + 280, abs=40)
    assert made.data[:4] == b"RIFF"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("voice", "hertz"), [("zhichu", 400), ("zhiwei", 600)])
def test_voices_are_the_speakers_they_are_given(tmp_path: Path, voice: str, hertz: int) -> None:
    folder = make_folder(tmp_path, "vits")
    (folder / "engine.toml").write_text("speaker = 1\n[voices]\nzhiwei = 2\n")
    made = open_voice(folder).synthesize(SynthesisRequest(TEXT, voice, AudioFormat.PCM))
    samples = np.frombuffer(made.data, "<i2") / 32768
    assert pitch_hz(samples, made.sample_rate) == pytest.approx(hertz, abs=3)


@pytest.mark.usefixtures("library")
def test_a_speaker_that_the_model_does_not_have_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "vits")
    (folder / "engine.toml").write_text("[voices]\nzhiwei = 3\n")
    with pytest.raises(EngineUnavailable, match="names speaker 3, mine has 3"):
        open_voice(folder)


@pytest.mark.usefixtures("library")
def test_a_model_that_the_library_refuses_is_unavailable(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "vits")
    (folder / "tokens.txt").write_text(stand_in.REFUSED)
    with pytest.raises(EngineUnavailable, match="mine is refused"):
        open_voice(folder)
    with pytest.raises(EngineUnavailable, match="lacks tokens"):
        open_voice(make_folder(tmp_path, "kokoro", name="other", without="tokens.txt"))


@pytest.mark.usefixtures("library")
def test_what_cannot_be_spoken_is_refused(tmp_path: Path) -> None:
    engine = open_voice(make_folder(tmp_path, "kokoro"))
    for request, error in (
        (SynthesisRequest("好", "nobody"), UnknownVoice),
        (SynthesisRequest("好" * 101, "zhichu"), TextTooLong),
        (SynthesisRequest("。。。", "zhichu"), NothingToSpeak),
    ):
        with pytest.raises(error):
            engine.synthesize(request)


async def test_it_speaks_in_a_guarded_worker(tmp_path: Path) -> None:
    factory = SherpaFactory(make_folder(tmp_path, "kokoro"), threads=1, producer="Voxreel", max_chars=100)
    async with SynthesisPool(LoadOverStandIn(factory), voices(), name=ENGINE_NAME) as pool:
        made = await pool.synthesize(SynthesisRequest(TEXT, "zhichu", AudioFormat.OPUS), timeout_s=60)
    assert made.data[:4] == b"OggS"
    assert made.segments[-1].end_ms == made.duration_ms


def test_a_folder_that_has_changed_for_the_worse_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "kokoro")
    assert voice_model(folder).kind == "kokoro"
    (folder / "voices.bin").unlink()
    factory = SherpaFactory(folder, threads=1, producer="Voxreel", max_chars=100)
    with pytest.raises(EngineUnavailable, match="holds no model"):
        factory()
