"""The journey through a real stack leaves nothing of the platform's document out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from edge.contract.reader import bare_path, documented_endpoints
from tests.stack.contract.journey import JOURNEY

PLATFORM = {key: each for key, each in documented_endpoints().items() if each.dialect == "platform"}
SENT = {(step.method, bare_path(step.path)) for step in JOURNEY}
_ADDRESS = re.compile(r"^(?:curl -X )?[A-Z]+ \"?(\S+?)\"?(?: \\)?$", re.MULTILINE)


def platform_entries() -> Iterator[Any]:
    """The endpoints of the document as they were taken apart."""
    entries = orjson.loads(files("edge.contract").joinpath("endpoints.json").read_bytes())
    return (entry for entry in entries if entry["dialect"] == "platform")


def documented_queries() -> Iterator[tuple[str, str, str]]:
    """Method, path and query of the examples that are written as addresses."""
    for entry in platform_entries():
        for example in entry["other_examples"]:
            for address in _ADDRESS.findall(example["text"]):
                if query := urlsplit(address).query:
                    yield entry["method"], bare_path(entry["path"]), query


def test_every_endpoint_has_a_row() -> None:
    assert PLATFORM.keys() == SENT


def test_rows_are_told_apart() -> None:
    names = [step.name for step in JOURNEY]
    assert len(names) == len(set(names))


def test_every_documented_body_is_sent() -> None:
    sent = {(step.method, bare_path(step.path), step.request) for step in JOURNEY}
    documented = {(*key, number) for key, each in PLATFORM.items() for number in range(len(each.request_examples))}
    assert documented <= sent


def test_every_documented_error_is_provoked() -> None:
    provoked = {(step.method, bare_path(step.path), step.refusal) for step in JOURNEY}
    documented = {
        (entry["method"], bare_path(entry["path"]), example["detail"])
        for entry in platform_entries()
        for example in entry["error_examples"]
    }
    assert documented
    assert documented <= provoked


def test_documented_queries_are_found() -> None:
    assert len(list(documented_queries())) >= 15


@pytest.mark.parametrize(("method", "path", "query"), list(documented_queries()))
def test_every_documented_query_is_sent(method: str, path: str, query: str) -> None:
    sent = [dict(parse_qsl(step.query)) for step in JOURNEY if (step.method, bare_path(step.path)) == (method, path)]
    assert dict(parse_qsl(query)) in sent
