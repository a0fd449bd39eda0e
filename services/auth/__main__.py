"""`python -m services.auth serve | worker | migrate | check-config`."""

from pathlib import Path

from kit.entrypoint import main
from services.auth.app import build
from services.auth.config import AuthConfig

if __name__ == "__main__":
    raise SystemExit(main("auth", AuthConfig, build, Path(__file__).parent / "migrations"))
