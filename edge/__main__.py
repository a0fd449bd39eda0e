"""`python -m edge`."""

from __future__ import annotations

from edge.app import build
from edge.config import EdgeConfig
from kit.entrypoint import main

if __name__ == "__main__":
    raise SystemExit(main("edge", EdgeConfig, build))
