"""`python -m services.files serve|worker|migrate|check-config`."""

from __future__ import annotations

from pathlib import Path

from kit.entrypoint import main
from services.files.app import build
from services.files.config import FilesConfig

if __name__ == "__main__":
    raise SystemExit(main("files", FilesConfig, build, Path(__file__).parent / "migrations"))
