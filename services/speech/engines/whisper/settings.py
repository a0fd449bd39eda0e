"""What the Whisper engine needs to know, light enough to import in a process that never loads the model."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kit.models import ModelError, ModelStore

ENGINE_NAME = "whisper"
MODEL_NAME = "whisper-base-int8"

_FOLDER = "whisper-base"
_MODEL_FILE = "model.bin"
_FILES = (_MODEL_FILE, "config.json", "tokenizer.json", "vocabulary.txt")
# Newer conversions have another kind of vocabulary.
_OWN_FILES = ((_MODEL_FILE,), ("config.json",), ("tokenizer.json",), ("vocabulary.txt", "vocabulary.json"))
_LIBRARIES = ("av", "ctranslate2", "faster_whisper", "numpy", "onnxruntime", "opencc")


@dataclass(frozen=True, slots=True)
class WhisperModelFiles:
    """Where the model lies. `models_dir` holds the manifest, `cache_dir` receives assembled files; `model_dir` is the
    operator's own folder of a CTranslate2 conversion, used as it is, or None."""

    models_dir: Path
    cache_dir: Path
    model_dir: Path | None = None

    @property
    def name(self) -> str:
        """The model's name, as it is told to clients; that of the operator's is its folder's."""
        return MODEL_NAME if self.model_dir is None else self.model_dir.name

    def ensure(self) -> Path:
        """A folder with every file of the model, verified unless it is the operator's. Raises ModelError."""
        if self.model_dir is not None:
            return self.model_dir
        store = self._store()
        [folder] = {store.ensure(f"{_FOLDER}/{name}").parent for name in _FILES}
        return folder

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, for the operator; empty if nothing does. Loads no model."""
        missing = tuple(f"library {name} is not installed" for name in _LIBRARIES if find_spec(name) is None)
        return missing + (self._problems_of_manifest() if self.model_dir is None else _problems_of(self.model_dir))

    def sha256(self) -> str:
        """The digest the manifest demands of the model; empty for the operator's, and if there is no manifest."""
        try:
            return "" if self.model_dir is not None else self._store().sha256(f"{_FOLDER}/{_MODEL_FILE}")
        except ModelError:
            return ""

    def _problems_of_manifest(self) -> tuple[str, ...]:
        try:
            store = self._store()
        except ModelError as error:
            return (str(error),)
        return tuple(problem for name in _FILES if (problem := store.problem(f"{_FOLDER}/{name}")))

    def _store(self) -> ModelStore:
        return ModelStore(self.models_dir, self.cache_dir)


def _problems_of(folder: Path) -> tuple[str, ...]:
    lacking = (names for names in _OWN_FILES if not any((folder / name).is_file() for name in names))
    return tuple(f"recognition.model_dir lacks {' or '.join(names)}" for names in lacking)
