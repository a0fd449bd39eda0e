"""What the Kokoro engine needs to know, light enough to import in a process that never loads the model."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kit.models import ModelError, ModelStore
from services.speech.engines.base import BlockingSynthesizer
from services.speech.engines.errors import EngineUnavailable
from services.speech.engines.kokoro.catalog import preset_style, voices

ENGINE_NAME = "kokoro"
MODEL_NAME = "kokoro-82m-v1.0-int8"
MODEL_FILE = "kokoro/kokoro-v1.0.int8.onnx"
VOCABULARY_FILE = "kokoro/vocab.json"
DEFAULT_MAX_CHARS = 5000

_LIBRARIES = ("av", "hibari", "jieba", "misaki", "numpy", "onnxruntime", "scipy")


@dataclass(frozen=True, slots=True)
class KokoroFactory:
    """Builds the engine in the process that calls it; picklable, so that a worker process can.

    models_dir holds the manifest, cache_dir receives assembled files, model_dir is the operator's own or
    None. threads: ONNX Runtime's; 1 per worker scales best with several workers, 2 is fastest for one.
    producer: the service named in the AI-content label.
    """

    models_dir: Path
    cache_dir: Path
    model_dir: Path | None = None
    threads: int = 2
    producer: str = "Voxreel"
    max_chars: int = DEFAULT_MAX_CHARS

    def __call__(self) -> BlockingSynthesizer:
        """Loads the model. Raises EngineUnavailable."""
        try:
            from services.speech.engines.kokoro.engine import KokoroSynthesizer

            return KokoroSynthesizer(
                self._store(),
                self.cache_dir,
                threads=self.threads,
                producer=self.producer,
                max_chars=self.max_chars,
            )
        except (ImportError, ModelError) as error:
            raise EngineUnavailable(ENGINE_NAME, str(error)) from error

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, for the operator; empty if nothing does. Loads no model."""
        missing = tuple(f"library {name} is not installed" for name in _LIBRARIES if find_spec(name) is None)
        try:
            store = self._store()
        except ModelError as error:
            return (*missing, str(error))
        return missing + tuple(problem for name in required_files() if (problem := store.problem(name)))

    def model_sha256(self) -> str:
        """The digest the manifest demands of the acoustic model; empty if there is no manifest."""
        try:
            return self._store().sha256(MODEL_FILE)
        except ModelError:
            return ""

    def _store(self) -> ModelStore:
        return ModelStore(self.models_dir, self.cache_dir, model_dir=self.model_dir)


def required_files() -> tuple[str, ...]:
    """Names, in the model manifest, of every file the engine reads."""
    packs = tuple(f"kokoro/voices/{preset_style(voice).pack}.bin" for voice in voices())
    return (MODEL_FILE, VOCABULARY_FILE, *packs)
