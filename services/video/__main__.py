"""`python -m services.video serve|worker|migrate|check-config`."""

from __future__ import annotations

from pathlib import Path

from kit.entrypoint import main
from services.video.app import build
from services.video.config import VideoConfig

if __name__ == "__main__":
    raise SystemExit(main("video", VideoConfig, build, Path(__file__).parent / "migrations"))
