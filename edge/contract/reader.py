"""Reads the contract: every documented endpoint with its title and its examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import orjson

_NUMBER = re.compile(r"^[\d.]+\s+")


@dataclass(frozen=True, slots=True)
class Documented:
    """One endpoint as the documents describe it. `access` is public, user or admin."""

    dialect: str
    method: str
    path: str
    access: str
    title: str
    request_examples: tuple[object, ...]
    response_examples: tuple[object, ...]


@cache
def documented_endpoints() -> Mapping[tuple[str, str], Documented]:
    """By method and path, the path without a trailing slash."""
    entries = orjson.loads(files("edge.contract").joinpath("endpoints.json").read_bytes())
    found = (_documented(entry) for entry in entries)
    return {(each.method, bare_path(each.path)): each for each in found}


def bare_path(path: str) -> str:
    """The path without a trailing slash; the root stays."""
    return path.rstrip("/") or "/"


def _documented(entry: Mapping[str, object]) -> Documented:
    return Documented(
        dialect=str(entry["dialect"]),
        method=str(entry["method"]),
        path=str(entry["path"]),
        access=str(entry["auth"]),
        title=_NUMBER.sub("", str(entry["title"])),
        request_examples=_bodies(entry["request_examples"]),
        response_examples=_bodies(entry["response_examples"]),
    )


def _bodies(examples: object) -> tuple[object, ...]:
    if not isinstance(examples, list):
        raise TypeError("examples must be a list")
    return tuple(example["body"] for example in examples)
