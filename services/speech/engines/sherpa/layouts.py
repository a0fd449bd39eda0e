"""Which files make up a model of each kind, as sherpa-onnx publishes them, and how a kind is told by its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType


class Kind(StrEnum):
    """The kinds of models that are run; the names that `engine.toml` knows them by."""

    KOKORO = "kokoro"
    MATCHA = "matcha"
    VITS = "vits"
    SENSE_VOICE = "sense_voice"
    PARAFORMER = "paraformer"
    WHISPER = "whisper"


SYNTHESIS_KINDS = (Kind.KOKORO, Kind.MATCHA, Kind.VITS)
RECOGNITION_KINDS = (Kind.WHISPER, Kind.SENSE_VOICE, Kind.PARAFORMER)


@dataclass(frozen=True, slots=True)
class Part:
    """A file or folder of a model. `role` is what the library's constructor calls it. The first of `patterns` that
    something matches is taken; with `takes_all` every one that something matches is."""

    role: str
    patterns: tuple[str, ...]
    is_required: bool = True
    takes_all: bool = False

    def find(self, folder: Path) -> tuple[Path, ...]:
        """What plays this part in a folder; int8 before other precisions, which take longer on a CPU."""
        found = [best for pattern in self.patterns if (best := _best(folder, pattern)) is not None]
        return tuple(found if self.takes_all else found[:1])


_TOKENS = Part("tokens", ("tokens.txt",))
_ESPEAK = Part("data_dir", ("espeak-ng-data",), is_required=False)
_JIEBA = Part("dict_dir", ("dict",), is_required=False)
_LEXICON = Part("lexicon", ("lexicon.txt",), is_required=False)

LAYOUTS: Mapping[Kind, tuple[Part, ...]] = MappingProxyType(
    {
        Kind.KOKORO: (
            Part("model", ("model*.onnx",)),
            Part("voices", ("voices.bin",)),
            _TOKENS,
            # The British one has the same words: it would take the place of the American one.
            Part("lexicon", ("lexicon-us-en.txt", "lexicon-zh.txt"), is_required=False, takes_all=True),
            _ESPEAK,
            _JIEBA,
        ),
        Kind.MATCHA: (
            Part("acoustic_model", ("model-steps-*.onnx",)),
            Part("vocoder", ("vocos*.onnx", "hifigan*.onnx", "*vocoder*.onnx")),
            _TOKENS,
            _LEXICON,
            _ESPEAK,
            _JIEBA,
        ),
        Kind.VITS: (Part("model", ("model*.onnx", "*.onnx")), _TOKENS, _LEXICON, _ESPEAK, _JIEBA),
        Kind.SENSE_VOICE: (Part("model", ("model*.onnx",)), _TOKENS),
        Kind.PARAFORMER: (Part("paraformer", ("model*.onnx",)), _TOKENS),
        Kind.WHISPER: (
            Part("encoder", ("*encoder*.onnx",)),
            Part("decoder", ("*decoder*.onnx",)),
            Part("tokens", ("*tokens.txt",)),
        ),
    }
)

# The description that the library reads stands at the end of a model's file.
_DESCRIPTION_BYTES = 1 << 18
_MARKS: Mapping[Kind, bytes] = MappingProxyType(
    {Kind.SENSE_VOICE: b"sense_voice", Kind.PARAFORMER: b"paraformer", Kind.WHISPER: b"whisper"}
)


def kind_of_voice(folder: Path) -> Kind | None:
    """The kind of the model that speaks in a folder; None if there is none."""
    if (folder / "voices.bin").is_file():
        return Kind.KOKORO
    if _best(folder, "model-steps-*.onnx"):
        return Kind.MATCHA
    has_words = (folder / "lexicon.txt").is_file() or (folder / "espeak-ng-data").is_dir()
    return Kind.VITS if has_words and _best(folder, "*.onnx") else None


def kind_of_ears(folder: Path) -> Kind | None:
    """The kind of the model that hears in a folder; None if there is none. Reads the ends of its files."""
    for kind in RECOGNITION_KINDS:
        main = LAYOUTS[kind][0].find(folder)
        if main and (_is_named(folder, kind) or _MARKS[kind] in _description(main[0])):
            return kind
    return None


def _is_named(folder: Path, kind: Kind) -> bool:
    letters = "".join(filter(str.isalnum, folder.name.lower()))
    return kind.replace("_", "") in letters


def _description(file: Path) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(file.stat().st_size - _DESCRIPTION_BYTES, 0))
        return stream.read(_DESCRIPTION_BYTES)


def _best(folder: Path, pattern: str) -> Path | None:
    return min(folder.glob(pattern), key=lambda path: ("int8" not in path.name, path.name), default=None)
