"""What the engine needs to know, light enough to import in a process that never loads a model."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kit.models import ModelError, ModelStore
from services.speech.engines.kokoro.settings import KokoroFactory

ENGINE_NAME = "style_clone"
MODEL_NAME = "kokoro-style-search"
ENCODER_FILE = "speaker-encoder/weights.npz"
SPACE_FILE = "kokoro/style-space.npz"

_FILES = (ENCODER_FILE, SPACE_FILE)


@dataclass(frozen=True, slots=True)
class StyleCloneOptions:
    """What an operator can choose. `max_search_s` ends a search that the machine is too slow for; then the best voice
    that was found by then is taken. `seed` makes searches repeatable."""

    processes: int = 1
    threads: int = 2
    evaluations: int = 150
    max_search_s: float = 300.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class StyleModelFiles:
    """Where the models lie: `models_dir` holds the manifest, `cache_dir` receives assembled files; `model_dir` is the
    operator's own or None."""

    models_dir: Path
    cache_dir: Path
    model_dir: Path | None = None

    def store(self) -> ModelStore:
        """Raises ModelFileMissing."""
        return ModelStore(self.models_dir, self.cache_dir, model_dir=self.model_dir)

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, for the operator; empty if nothing does. Loads no model."""
        missing = () if find_spec("scipy") else ("library scipy is not installed",)
        kokoro = KokoroFactory(self.models_dir, self.cache_dir, self.model_dir).problems()
        try:
            store = self.store()
        except ModelError as error:
            return (*missing, str(error))
        own = (problem for name in _FILES if (problem := store.problem(name)))
        return (*missing, *kokoro, *own)

    def sha256(self) -> str:
        """The digest the manifest demands of the speaker encoder; empty if there is no manifest."""
        try:
            return self.store().sha256(ENCODER_FILE)
        except ModelError:
            return ""
