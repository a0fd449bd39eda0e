"""Requests, formats, errors, voices and the table of engines."""

import copy
import math
from pathlib import Path

import pytest

from kit.models import DEFAULT_MODELS_DIR, ModelStore
from services.speech.engines import errors
from services.speech.engines.base import AudioFormat, Gender, Language, SynthesisRequest
from services.speech.engines.errors import (
    EngineUnavailable,
    ProsodyOutOfRange,
    UnknownEngine,
    UnknownVoice,
    UnsupportedFormat,
)
from services.speech.engines.kokoro.catalog import find_voice, preset_style, voices
from services.speech.engines.kokoro.settings import MODEL_FILE
from services.speech.engines.registry import AUTO, SynthesizerSettings, availability, open_synthesizer


@pytest.mark.parametrize(
    ("field", "volume", "speech_rate", "pitch_rate"),
    [
        ("volume", -1, 1.0, 1.0),
        ("volume", 101, 1.0, 1.0),
        ("speech_rate", 50, 0.49, 1.0),
        ("speech_rate", 50, 2.01, 1.0),
        ("pitch_rate", 50, 1.0, 0.0),
        ("pitch_rate", 50, 1.0, math.nan),
    ],
)
def test_prosody_outside_its_range_is_refused(field: str, volume: int, speech_rate: float, pitch_rate: float) -> None:
    with pytest.raises(ProsodyOutOfRange) as caught:
        SynthesisRequest("你好", "zhichu", volume=volume, speech_rate=speech_rate, pitch_rate=pitch_rate)
    assert caught.value.field == field


def test_formats_are_parsed_in_any_case() -> None:
    assert AudioFormat.parse(" MP3 ") is AudioFormat.MP3
    with pytest.raises(UnsupportedFormat):
        AudioFormat.parse("flac")


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownVoice("x"),
        errors.UnsupportedFormat("x"),
        errors.ProsodyOutOfRange("volume", 0, 100),
        errors.TextTooLong(5, 6),
        errors.NothingToSpeak(),
        errors.UnknownEngine("x"),
        errors.EngineUnavailable("x", "private"),
        errors.EngineFailed("x", "private"),
        errors.EngineTimedOut("x", "private"),
        errors.EngineBusy("x", "private"),
    ],
)
def test_errors_survive_pickling_and_tell_clients_nothing_private(error: errors.SynthesisError) -> None:
    rebuilt = copy.copy(error)  # rebuilds it from `args`, as unpickling does
    assert type(rebuilt) is type(error)
    assert rebuilt.args == error.args
    assert rebuilt.message_zh == error.message_zh
    assert "private" not in error.message_zh


def test_promised_voices_exist_with_their_gender() -> None:
    genders = {voice_id: find_voice(voice_id).gender for voice_id in ("zhichu", "zhixia", "zhiwei", "zhijie")}
    assert genders == {
        "zhichu": Gender.FEMALE,
        "zhixia": Gender.FEMALE,
        "zhiwei": Gender.MALE,
        "zhijie": Gender.MALE,
    }


def test_every_voice_pack_is_reachable_and_known_to_the_manifest(tmp_path: Path) -> None:
    names = ModelStore(DEFAULT_MODELS_DIR, tmp_path).names()
    packs = {f"kokoro/voices/{preset_style(voice).pack}.bin" for voice in voices()}
    assert packs == {name for name in names if name.startswith("kokoro/voices/")}
    assert len(voices()) == len({voice.voice_id for voice in voices()}) == 12
    assert sum(voice.language is Language.CHINESE for voice in voices()) == 7


def test_unknown_voice() -> None:
    with pytest.raises(UnknownVoice):
        find_voice("nobody")


def test_engines_tell_what_they_lack(tmp_path: Path) -> None:
    cloud, sherpa, offline = availability(SynthesizerSettings(tmp_path, models_dir=tmp_path))
    assert not cloud.is_available
    assert cloud.problems == ("VOXREEL_SPEECH_DASHSCOPE__API_KEY is not set",)
    assert sherpa.problems == ("synthesis.model_dir is not set",)
    assert not offline.is_available
    assert offline.problems == ("model manifest is not installed",)
    with pytest.raises(EngineUnavailable, match="manifest"):
        open_synthesizer(AUTO, SynthesizerSettings(tmp_path, models_dir=tmp_path))


def test_an_installed_engine_is_available(tmp_path: Path) -> None:
    settings = SynthesizerSettings(tmp_path)
    _cloud, _sherpa, fact = availability(settings)
    assert fact.is_available, fact.problems
    assert fact.model_sha256 == ModelStore(DEFAULT_MODELS_DIR, tmp_path).sha256(MODEL_FILE)
    synthesizer = open_synthesizer(AUTO, settings)
    assert synthesizer.name == fact.engine == "kokoro"
    assert synthesizer.voices() == voices()


def test_engines_outside_the_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownEngine):
        open_synthesizer("nonsuch", SynthesizerSettings(tmp_path))
