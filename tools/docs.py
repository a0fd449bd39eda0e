"""Writes the documents that are made from the code, and checks that the checked-in ones are current.

python tools/docs.py           writes docs/
python tools/docs.py --check   exits 1 and names every document that differs
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools import events_doc, metrics_doc, schema_doc, settings_doc

ROOT = Path(__file__).resolve().parent.parent

DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/events.md": events_doc.render,
    "docs/metrics.md": metrics_doc.render,
    "docs/schema.md": schema_doc.render,
    "docs/settings.md": settings_doc.render,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, render in DOCUMENTS.items():
        path, text = ROOT / name, render()
        if path.is_file() and path.read_text() == text:
            continue
        if check:
            stale.append(name)
        else:
            path.write_text(text)
    for name in stale:
        sys.stderr.write(f"{name} is not what the code gives; run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
