"""An image has every package that its code imports: one that is missing would show when the first pod starts."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.k8s.rendering import ROOT
from tests.k8s.test_images import TARGETS, chosen
from tools.pins import pins

OWN = {"cli", "edge", "kit", "services"}
# Import what they can do without, and say what is missing.
OPTIONAL = {
    "opentelemetry": "installed by the build argument TRACING",
    "sherpa_onnx": "for speech models of an operator's own",
}


def file_of(module: str) -> Path | None:
    """The file of a module of ours."""
    path = ROOT.joinpath(*module.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.exists():
            return found
    return None


def imported_by(path: Path) -> Iterator[str]:
    """Modules that a file imports at any place but where only a type checker looks, and packages above them."""
    for node in ast.walk(without_type_checking(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            words = name.split(".")
            yield from (".".join(words[:count]) for count in range(1, len(words) + 1))


def without_type_checking(tree: ast.Module) -> ast.Module:
    """The module without what is only read by type checkers."""
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING")
    ]
    return tree


def outside_of(start: str) -> dict[str, str]:
    """Third-party packages that can be imported from a module on, each with a file of ours that does."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [start, f"{start}.__main__"]
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        for name in imported_by(path):
            top = name.split(".")[0]
            if top in OWN:
                waiting.append(name)
            elif top not in sys.stdlib_module_names and top != "voxreel":
                found.setdefault(top, str(path.relative_to(ROOT)))
    return found


@cache
def distributions() -> dict[str, set[str]]:
    """Names of the packages that bring a module, as pins write them."""
    return {
        module: {re.sub(r"[-_.]+", "-", name).lower() for name in names}
        for module, names in packages_distributions().items()
    }


def installed_in(target: str) -> set[str]:
    """Packages of an image."""
    own = pinned_in(target)
    if target == "video":
        return own | chosen("video-packages")
    return own | pinned_in("offline") if target == "speech" else own


def pinned_in(name: str) -> set[str]:
    """Packages of a file of requirements."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return {package for package, _ in pins(text)}


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_has_what_its_code_imports(target: str) -> None:
    start = "edge" if target == "edge" else f"services.{target}"
    outside = outside_of(start)
    assert {"grpc", "structlog", "pydantic"} <= set(outside)
    installed = installed_in(target)
    missing = {
        module: where
        for module, where in outside.items()
        if module not in OPTIONAL and not distributions().get(module, set()) & installed
    }
    assert missing == {}
