"""Checks that the protos do not break callers built from the main branch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINES = ("origin/main", "main")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def baseline() -> str | None:
    """The commit of the main branch, or None in a tree that has none with protos (a source archive, a first commit)."""
    for name in BASELINES:
        if git("cat-file", "-e", f"{name}:protos").returncode == 0:
            return git("rev-parse", name).stdout.strip()
    return None


def main() -> int:
    commit = baseline()
    if commit is None:
        sys.stdout.write("no main branch to compare with: every proto is new\n")
        return 0
    buf = Path(sys.executable).parent / "buf"
    against = f".git#ref={commit}"
    return subprocess.run([buf, "breaking", "--against", against], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
