"""What an operator tells about an IndexTTS server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ENGINE_NAME = "indextts"
MODEL_NAME = "IndexTTS-2"


@dataclass(frozen=True, slots=True)
class IndexTtsSettings:
    """Where the server is, and the folder through which it gets recordings.

    The server reads recordings from its own disk: `shared_dir` is a folder that both see, `server_dir` the path of the
    same folder there, None when it is the same. `base_url` and `shared_dir` None: there is no server.
    """

    base_url: str | None = None
    shared_dir: Path | None = None
    server_dir: str | None = None
    producer: str = "Voxreel"

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from being used, for the operator."""
        if self.base_url is None:
            return ("no IndexTTS server is configured",)
        if self.shared_dir is None:
            return ("indextts.shared_dir is not set",)
        return () if self.shared_dir.is_dir() else ("the folder of indextts.shared_dir does not exist",)
