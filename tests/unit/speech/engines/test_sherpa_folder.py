"""What is told about an operator's folder without loading anything."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from services.speech.engines.jobs import JobEngineSettings, RecognitionOptions, open_job_engines
from services.speech.engines.registry import AUTO, SynthesizerSettings, open_synthesizer
from services.speech.engines.rewriters import RewriterSettings
from services.speech.engines.sherpa.folder import FolderUnusable, OperatorModel
from services.speech.engines.sherpa.settings import ears_model, examine_ears, examine_voice, voice_model
from services.speech.usecases.engines import select_engine
from tests.fakes.sherpa_folders import make_folder


def names(model: OperatorModel) -> dict[str, str]:
    """The names of its files by role."""
    return {role: ",".join(Path(file).name for file in files.split(",")) for role, files in model.files.items()}


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        (
            "kokoro",
            {
                "model": "model.int8.onnx",
                "voices": "voices.bin",
                "tokens": "tokens.txt",
                "lexicon": "lexicon-us-en.txt,lexicon-zh.txt",
            },
        ),
        (
            "matcha",
            {
                "acoustic_model": "model-steps-3.onnx",
                "vocoder": "vocos-22khz-univ.onnx",
                "tokens": "tokens.txt",
                "lexicon": "lexicon.txt",
            },
        ),
        ("vits", {"model": "en_US-amy-low.onnx", "tokens": "tokens.txt", "data_dir": "espeak-ng-data"}),
    ],
)
def test_voices_are_told_by_their_files(tmp_path: Path, kind: str, files: dict[str, str]) -> None:
    model = voice_model(make_folder(tmp_path, kind))
    assert (model.kind, model.name) == (kind, "mine")
    assert names(model) == files


@pytest.mark.parametrize("kind", ["sense_voice", "paraformer", "whisper"])
def test_ears_are_told_by_their_descriptions(tmp_path: Path, kind: str) -> None:
    assert ears_model(make_folder(tmp_path, kind)).kind == kind


def test_ears_are_told_by_the_name_of_their_folder(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "sense_voice", name="sherpa-onnx-sense-voice-zh-en-2024-07-17")
    (folder / "model.int8.onnx").write_bytes(b"")
    assert ears_model(folder).kind == "sense_voice"


@pytest.mark.parametrize(
    ("kind", "lacking", "problem"),
    [
        ("kokoro", "tokens.txt", "mine lacks tokens.txt (tokens of a kokoro model)"),
        ("matcha", "vocos-22khz-univ.onnx", "vocoder of a matcha model"),
        ("whisper", "tiny-decoder.int8.onnx", "mine lacks *decoder*.onnx (decoder of a whisper model)"),
        ("vits", "espeak-ng-data/phontab", "holds no model of these kinds: kokoro, matcha, vits"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, kind: str, lacking: str, problem: str) -> None:
    folder = make_folder(tmp_path, kind, without=lacking)
    examine = examine_ears if kind == "whisper" else examine_voice
    [told] = examine(folder).problems
    assert problem in told


def test_a_folder_of_no_known_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    for examine in (examine_voice, examine_ears):
        [problem] = examine(tmp_path).problems
        assert "holds no model of these kinds" in problem
        assert examine(tmp_path / "nowhere").problems == ("nowhere is not a folder",)
        assert "model_dir is not set" in examine(None).problems[0]


def test_a_model_that_hears_does_not_speak(tmp_path: Path) -> None:
    with pytest.raises(FolderUnusable, match="holds no model of these kinds: kokoro"):
        voice_model(make_folder(tmp_path, "paraformer"))


def test_engine_toml_overrides_what_the_files_tell(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "sense_voice")
    (folder / "model.int8.onnx").rename(folder / "large.onnx")
    (folder / "engine.toml").write_text(
        'kind = "paraformer"\nname = "paraformer-large"\nlanguage = "zh"\n[files]\nparaformer = "large.onnx"\n'
    )
    model = ears_model(folder)
    assert (model.kind, model.name, model.language) == ("paraformer", "paraformer-large", "zh")
    assert names(model) == {"paraformer": "large.onnx", "tokens": "tokens.txt"}


def test_voices_have_the_speakers_of_engine_toml(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "vits")
    (folder / "engine.toml").write_text("speaker = 1\n[voices]\nzhiwei = 2\n")
    model = voice_model(folder)
    assert (model.speaker, model.speakers) == (1, {"zhiwei": 2})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind = ", "engine.toml: Invalid value"),
        ('kind = "rnn"', "engine.toml: kind: Input should be"),
        ("speaker = -1", "engine.toml: speaker: "),
        ("colour = 1", "engine.toml: colour: Extra inputs"),
        ("[voices]\nnobody = 1", "engine.toml: there is no voice nobody"),
        ('[files]\nhat = "x"', "engine.toml: a vits model has no hat"),
        ('[files]\nmodel = "x.onnx"', "mine lacks x.onnx (model of a vits model)"),
        ('kind = "whisper"', "holds no model of these kinds"),
    ],
)
def test_a_wrong_engine_toml_is_told(tmp_path: Path, text: str, problem: str) -> None:
    folder = make_folder(tmp_path, "vits")
    (folder / "engine.toml").write_text(text)
    [told] = examine_voice(folder).problems
    assert problem in told


def test_digests_are_those_of_the_files_as_they_are_now(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "vits")
    for content in (b"first" * 20, b"second" * 20):
        (folder / "en_US-amy-low.onnx").write_bytes(content)
        digests = voice_model(folder).digests()
        assert list(digests) == ["en_US-amy-low.onnx", "tokens.txt"]
        assert digests["en_US-amy-low.onnx"] == hashlib.sha256(content).hexdigest()
        assert examine_voice(folder).sha256 == digests["en_US-amy-low.onnx"]


async def test_a_usable_folder_is_used(tmp_path: Path) -> None:
    settings = SynthesizerSettings(tmp_path, model_dir=make_folder(tmp_path, "matcha"))
    assert select_engine(AUTO, settings) == "sherpa"
    synthesizer = open_synthesizer(AUTO, settings)
    await synthesizer.aclose()
    assert synthesizer.name == "sherpa"
    assert {"zhichu", "zhixia", "zhiwei", "zhijie"} <= {voice.voice_id for voice in synthesizer.voices()}
    broken = SynthesizerSettings(tmp_path, model_dir=make_folder(tmp_path, "kokoro", name="b", without="tokens.txt"))
    assert select_engine(AUTO, broken) == "kokoro"


async def test_recognition_takes_the_engine_that_the_folder_is_for(tmp_path: Path) -> None:
    def settings(folder: Path | None) -> JobEngineSettings:
        options = RecognitionOptions(folder)
        return JobEngineSettings(tmp_path, RewriterSettings(cache_dir=tmp_path), recognition=options)

    for folder, name in ((make_folder(tmp_path, "sense_voice"), "sherpa"), (None, "whisper")):
        slot = open_job_engines(settings(folder)).recognizer
        engine = slot.require()
        await engine.aclose()
        assert engine.name == name
        assert [fact.name for fact in slot.facts if fact.is_available] == [name]
