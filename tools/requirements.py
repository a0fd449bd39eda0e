"""Pins every set of requirements under requirements/, one file per extra, with hashes and without index addresses."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "requirements"


def extras() -> list[str]:
    """Names of the extras of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    return sorted(project["optional-dependencies"])


def pin(extra: str) -> None:
    """Resolves one extra together with what builds the project, for every platform and Python from 3.11 on."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--extra",
            extra,
            "--group",
            "build",
            "--universal",
            "--python-version",
            "3.11",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-annotate",
            "--custom-compile-command",
            "make requirements",
            "--quiet",
            "--output-file",
            str(TARGET / f"{extra}.txt"),
        ],
        cwd=ROOT,
        check=True,
    )


def main() -> int:
    TARGET.mkdir(exist_ok=True)
    for extra in extras():
        pin(extra)
    return 0


if __name__ == "__main__":
    sys.exit(main())
