"""The parts of cloning that need no acoustic model: search, encoder, space of timbres, checks of samples, folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kit.engines import InputRefused
from kit.models import DEFAULT_MODELS_DIR, ModelStore
from services.speech.engines.base import Language
from services.speech.engines.kokoro.acoustic import load_pack
from services.speech.engines.style_clone.encoder import SpeakerEncoder, similarity
from services.speech.engines.style_clone.evolution import SearchBudget, Vector, maximize
from services.speech.engines.style_clone.mel import mel_frames
from services.speech.engines.style_clone.sample_checks import check_sample
from services.speech.engines.style_clone.settings import ENCODER_FILE, SPACE_FILE
from services.speech.engines.style_clone.space import PACK_SHAPE, TIMBRE_WIDTH, StyleSpace
from services.speech.engines.styles import PACK_BYTES, StyleFolder, StyleMissing, StyleVoice, style_of
from voxreel.common.v1 import error_reason_pb2 as reasons

RATE = 16_000
TARGET = np.linspace(-2.0, 2.0, 16)
Audio = NDArray[np.float32]


def _near_target(point: Vector) -> float:
    return -float(np.square(point - TARGET).sum())


def test_the_search_comes_near_what_it_looks_for() -> None:
    found = maximize(_near_target, [np.zeros(16)], step=0.5, budget=SearchBudget(300), seed=1)
    assert found.evaluations == 300
    assert found.value == _near_target(found.point) > _near_target(np.zeros(16)) / 10


def test_the_same_seed_finds_the_same() -> None:
    first, again, other = (
        maximize(_near_target, [np.zeros(16)], step=0.5, budget=SearchBudget(60), seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.point, again.point)
    assert not np.array_equal(first.point, other.point)


@given(evaluations=st.integers(1, 40), seed=st.integers(0, 99))
def test_no_search_is_longer_than_it_may_be_or_worse_than_its_start(evaluations: int, seed: int) -> None:
    asked: list[float] = []

    def objective(point: Vector) -> float:
        asked.append(_near_target(point))
        return asked[-1]

    found = maximize(objective, [TARGET / 2], step=3.0, budget=SearchBudget(evaluations), seed=seed)
    assert len(asked) == found.evaluations <= evaluations
    assert found.value == max(asked) >= _near_target(TARGET / 2)


def test_a_search_ends_when_its_time_is_over() -> None:
    answers = iter([False, False, True])
    budget = SearchBudget(100, lambda: next(answers))
    assert maximize(_near_target, [np.zeros(16)], step=0.5, budget=budget, seed=1).evaluations == 3


def test_the_search_goes_on_from_the_best_start() -> None:
    far, near = np.full(16, 9.0), TARGET + 0.01
    for starts in ([far, near], [near, far]):
        assert maximize(_near_target, starts, step=0.5, budget=SearchBudget(2), seed=1).point is near
    assert maximize(_near_target, [far, near], step=0.5, budget=SearchBudget(1), seed=1).point is far
    assert maximize(_near_target, [far, near], step=0.01, budget=SearchBudget(40), seed=1).value >= _near_target(near)


def _noise(seconds: float, *, seed: int = 0) -> Audio:
    random = np.random.default_rng(seed)
    return np.asarray(random.standard_normal(round(RATE * seconds)) * 0.1, dtype=np.float32)


def test_the_spectrogram_is_librosas() -> None:
    # librosa 0.11, feature.melspectrogram(y=_noise(2), sr=16000, n_fft=400, hop_length=160, n_mels=40)
    frames = mel_frames(_noise(2.0))
    assert frames.shape == (201, 40)
    assert frames[10, :4] == pytest.approx([0.07101648, 0.01348639, 0.00368824, 0.00675623], rel=1e-4)
    assert frames.sum() == pytest.approx(297.73358, rel=1e-5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return ModelStore(DEFAULT_MODELS_DIR, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def encoder(store: ModelStore) -> SpeakerEncoder:
    return SpeakerEncoder.load(store.ensure(ENCODER_FILE))


def test_the_encoder_is_resemblyzers(encoder: SpeakerEncoder) -> None:
    # The checkpoint's float32 weights run by ONNX Runtime's LSTM over librosa's spectrogram of the same noise.
    embedding = encoder.embed(_noise(2.0))
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    loudest = np.argsort(-embedding)[:8]
    assert loudest.tolist() == [120, 159, 168, 10, 137, 28, 15, 16]
    expected = [0.23249, 0.19841, 0.19114, 0.18507, 0.1745, 0.16511, 0.16319, 0.16292]
    assert embedding[loudest] == pytest.approx(expected, abs=5e-4)


def test_silence_counts_for_nothing(encoder: SpeakerEncoder) -> None:
    spoken = _noise(3.0, seed=1)
    padded = np.concatenate([np.zeros(RATE, np.float32), spoken, np.zeros(RATE, np.float32)])
    assert similarity(encoder.embed(spoken), encoder.embed(padded)) > 0.99
    assert np.isfinite(encoder.embed(np.zeros(RATE, np.float32))).all()


def test_a_point_of_the_space_is_a_voice_with_the_prosody_of_another(store: ModelStore) -> None:
    space = StyleSpace.load(store.ensure(SPACE_FILE))
    prosody = load_pack(store.ensure("kokoro/voices/zm_yunxi.bin"))
    start = space.nearest(space.embeddings[3])
    assert np.array_equal(start, space.coordinates[3])
    pack = space.pack(start, prosody)
    assert pack.shape == PACK_SHAPE
    assert np.array_equal(pack[:, TIMBRE_WIDTH:], prosody[:, TIMBRE_WIDTH:])
    assert np.array_equal(space.pack(start + 100, prosody), space.pack(start + 1000, prosody))


def test_a_mixture_of_voices_is_found_among_them(store: ModelStore) -> None:
    space = StyleSpace.load(store.ensure(SPACE_FILE))
    mixed = 0.5 * space.embeddings[2] + 0.5 * space.embeddings[9]
    assert space.mixture(mixed) == pytest.approx((space.coordinates[2] + space.coordinates[9]) / 2, abs=0.05)
    assert space.mixture(space.embeddings[5]) == pytest.approx(space.coordinates[5], abs=0.05)
    assert np.array_equal(space.mixture(np.zeros(256, np.float32)), space.nearest(np.zeros(256, np.float32)))


def test_the_space_holds_the_voices_it_was_made_of(store: ModelStore) -> None:
    space = StyleSpace.load(store.ensure(SPACE_FILE))
    own = load_pack(store.ensure("kokoro/voices/zf_xiaoxiao.bin"))
    distances = [np.square(space.pack(point, own) - own).mean() for point in space.coordinates]
    between = np.square(space.pack(space.coordinates[0], own) - space.pack(space.coordinates[1], own)).mean()
    assert min(distances) < between / 4


def _voice(seconds: float = 8.0, *, hertz: float = 150.0, level: float = 0.2) -> Audio:
    """Overtones of a pitch, as a throat makes them, with a pause every second."""
    times = np.arange(round(RATE * seconds)) / RATE
    overtones = sum(np.sin(2 * np.pi * hertz * number * times) / number for number in range(1, 12))
    return np.asarray(overtones * level / 2 * (times % 1.0 < 0.8), dtype=np.float32)


def test_a_good_sample_tells_its_pitch() -> None:
    assert check_sample(_voice(), RATE, source_rate=48_000) == pytest.approx(150.0, rel=0.02)


SPARSE = np.concatenate([_voice(2.0), np.zeros(6 * RATE, np.float32)])


@pytest.mark.parametrize(
    ("audio", "source_rate", "reason", "message"),
    [
        (_voice(2.0), 48_000, reasons.ERROR_REASON_SAMPLE_TOO_SHORT, "音频过短：2.0 秒，至少需要 5 秒"),
        (_voice(), 8000, reasons.ERROR_REASON_SAMPLE_RATE_TOO_LOW, "音频采样率过低：8000 Hz，至少需要 16000 Hz"),
        (_voice(level=0.002), 48_000, reasons.ERROR_REASON_SAMPLE_TOO_QUIET, "音频音量过低，请提高录音音量后重新上传"),
        (
            np.clip(_voice(level=5.0), -1.0, 1.0),
            48_000,
            reasons.ERROR_REASON_SAMPLE_CLIPPED,
            "音频爆音失真，请降低录音音量后重新上传",
        ),
        (_noise(8.0), 48_000, reasons.ERROR_REASON_SAMPLE_WITHOUT_SPEECH, "音频中没有检测到人声"),
        (SPARSE, 48_000, reasons.ERROR_REASON_SAMPLE_MOSTLY_SILENT, "音频静音过多：80%，最多 60%"),
    ],
)
def test_unfit_samples_are_told_why(audio: Audio, source_rate: int, reason: int, message: str) -> None:
    with pytest.raises(InputRefused) as refused:
        check_sample(audio, RATE, source_rate=source_rate)
    assert (refused.value.reason, refused.value.message_zh) == (reason, message)


def test_names_of_learnt_voices_are_read_back() -> None:
    voice = StyleVoice("0" * 64, Language.CHINESE, 1.25)
    assert style_of(voice.name) == voice
    for name in ("zhichu", "style:zh:1.250:xyz", f"style:fr:1.000:{'0' * 64}", f"style:zh:9.000:{'0' * 64}"):
        assert style_of(name) is None


def test_the_folder_gives_out_only_what_a_name_stands_for(tmp_path: Path) -> None:
    folder, pack = StyleFolder(tmp_path), bytes(range(256)) * (PACK_BYTES // 256)
    digest = hashlib.sha256(pack).hexdigest()
    with pytest.raises(StyleMissing):
        folder.keep(pack[:-1] + b"x", digest)
    with pytest.raises(StyleMissing):
        folder.read(digest)
    folder.keep(pack, digest)
    assert folder.has(digest)
    assert folder.read(digest) == pack
    (path,) = (tmp_path / "styles").iterdir()
    path.write_bytes(bytes(PACK_BYTES))
    with pytest.raises(StyleMissing):
        folder.read(digest)
    assert not folder.has(digest)
