"""Files and functions stay small enough to read in one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LIMIT = 400
SERVICER_LIMIT = 300
FUNCTION_LIMIT = 60
SOURCES = sorted(
    path
    for folder in ("kit", "services", "edge", "cli", "tools", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_small(path: Path) -> None:
    source = path.read_text()
    limit = SERVICER_LIMIT if path.name.endswith("_servicer.py") else FILE_LIMIT
    assert len(source.splitlines()) <= limit, f"{name_of(path)} has more than {limit} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LIMIT, f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"
