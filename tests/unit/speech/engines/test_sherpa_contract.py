"""What is asked of sherpa-onnx exists in the installed package, under the same names as in its stand-in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sherpa_onnx
from sherpa_onnx.lib import _sherpa_onnx as native

from services.speech.engines.sherpa import speaking
from services.speech.engines.sherpa.settings import voice_model
from tests.fakes import sherpa as stand_in
from tests.fakes.sherpa_folders import make_folder

CONFIGURATIONS = [
    "OfflineTtsKokoroModelConfig",
    "OfflineTtsMatchaModelConfig",
    "OfflineTtsVitsModelConfig",
    "OfflineTtsModelConfig",
    "OfflineTtsConfig",
]


def documented(function: Any) -> set[str]:
    """Parameter names of a native function, from its signatures."""
    return set(re.findall(r"(?:\(|, )(\w+): ", function.__doc__))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configurations_have_these_parameters(name: str) -> None:
    imitated = {each.name for each in fields(getattr(stand_in, name))}
    assert imitated <= documented(getattr(sherpa_onnx, name).__init__)


@pytest.mark.parametrize("kind", ["kokoro", "matcha", "vits"])
def test_the_package_takes_the_configuration_of_each_kind(tmp_path: Path, kind: str) -> None:
    model = voice_model(make_folder(tmp_path, kind))
    made = speaking.model_config(model, threads=3)
    assert isinstance(made, sherpa_onnx.OfflineTtsModelConfig)
    assert made.num_threads == 3
    part = getattr(made, kind)
    assert {role: getattr(part, role) for role in model.files} == model.files
    # One file less, and the package itself says no: so it has looked at what it was given.
    (tmp_path / "mine" / "tokens.txt").unlink()
    assert not sherpa_onnx.OfflineTtsConfig(model=made).validate()


@pytest.mark.parametrize("name", ["from_sense_voice", "from_paraformer", "from_whisper"])
def test_recognizers_have_these_parameters(name: str) -> None:
    imitated: Callable[..., Any] = getattr(stand_in.OfflineRecognizer, name)
    real = inspect.signature(getattr(sherpa_onnx.OfflineRecognizer, name)).parameters
    assert set(inspect.signature(imitated).parameters) <= set(real)


def test_calls_have_these_parameters() -> None:
    assert {"text", "sid", "speed"} <= documented(sherpa_onnx.OfflineTts.generate)
    assert {"sample_rate", "waveform"} <= documented(sherpa_onnx.OfflineStream.accept_waveform)
    assert list(inspect.signature(sherpa_onnx.OfflineRecognizer.decode_stream).parameters) == ["self", "s"]
    inspect.signature(sherpa_onnx.OfflineRecognizer.create_stream).bind(None)


def test_results_have_these_fields() -> None:
    assert {"samples", "sample_rate"} <= set(dir(native.GeneratedAudio))
    assert {each.name for each in fields(stand_in.OfflineRecognitionResult)} <= set(
        dir(native.OfflineRecognitionResult)
    )
    assert {"num_speakers"} <= set(dir(sherpa_onnx.OfflineTts))
    assert {"result"} <= set(dir(sherpa_onnx.OfflineStream))
