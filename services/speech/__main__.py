"""`python -m services.speech serve|worker|migrate|check-config`."""

from __future__ import annotations

from pathlib import Path

from kit.entrypoint import main
from services.speech.app import build
from services.speech.config import SpeechConfig

if __name__ == "__main__":
    raise SystemExit(main("speech", SpeechConfig, build, Path(__file__).parent / "migrations"))
