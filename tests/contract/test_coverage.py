"""Every endpoint that is served has a test that compares its reply with the document."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from edge.contract.reader import bare_path
from edge.routes import ENDPOINTS
from tests.contract.not_served import BEYOND_THE_DOCUMENTS

_TESTS = Path(__file__).resolve().parent.parent
_COMPARISONS = frozenset({"same_shape", "same_shape_as_read"})


def _compared(source: str) -> Iterator[tuple[str, str]]:
    """Methods and paths that are given to a comparison as they are written in the document."""
    tree = ast.parse(source)
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _COMPARISONS:
            method, path = (_text(argument, constants) for argument in node.args[1:3])
            yield method, bare_path(path)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    """What is written there, or in the module's constant of that name; empty when it is computed."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name, "")
        case _:
            return ""


def test_every_reply_is_compared_with_the_document() -> None:
    compared = {
        each
        for folder in ("edge", "stack")
        for path in (_TESTS / folder).glob("*.py")
        for each in _compared(path.read_text())
    }
    files = {(endpoint.method, bare_path(endpoint.path)) for endpoint in ENDPOINTS if endpoint.output is None}
    served = {(endpoint.method, bare_path(endpoint.path)) for endpoint in ENDPOINTS}
    # What is beyond the documents has nothing there to be compared with.
    assert served - compared - files - BEYOND_THE_DOCUMENTS == set()
