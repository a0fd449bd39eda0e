"""What is served against what is documented."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter

from edge.contract.reader import Documented, bare_path, documented_endpoints
from edge.dialects import dialect_of_path
from edge.endpoint import Dialect, Endpoint, Source, StreamingEndpoint
from edge.openapi import describe_api
from edge.routes import ENDPOINTS
from tests.contract.not_served import BEYOND_THE_DOCUMENTS, NOT_SERVED_YET

AnyEndpoint = Endpoint[Any] | StreamingEndpoint[Any]
_PATH_FIELD = re.compile(r"{(\w+)}")
SERVED = {(endpoint.method, bare_path(endpoint.path)): endpoint for endpoint in ENDPOINTS}
DOCUMENTED = [endpoint for key, endpoint in SERVED.items() if key not in BEYOND_THE_DOCUMENTS]


_PATH_FIELD = re.compile(r"{(\w+)}")


def _documented(endpoint: AnyEndpoint) -> Documented:
    return documented_endpoints()[(endpoint.method, bare_path(endpoint.path))]


def _data(endpoint: AnyEndpoint, example: Any) -> Any:
    """What the handler answers for a documented reply; compares what the dialect puts around it."""
    if endpoint.dialect is not Dialect.DUBBING:
        return example
    success = endpoint.success
    assert (example["code"], example["message"]) == (success.code, success.message)
    assert example.keys() == {"code", "message", "data"}
    return example["data"]


def _name(endpoint: AnyEndpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_the_contract_is_read_whole() -> None:
    counted = Counter(each.dialect for each in documented_endpoints().values())
    assert counted == {"platform": 80, "dubbing": 27}


def test_every_documented_endpoint_is_served_or_listed_as_not_yet() -> None:
    assert SERVED.keys() | NOT_SERVED_YET == documented_endpoints().keys() | BEYOND_THE_DOCUMENTS
    assert not SERVED.keys() & NOT_SERVED_YET
    assert SERVED.keys() >= BEYOND_THE_DOCUMENTS
    assert not documented_endpoints().keys() & BEYOND_THE_DOCUMENTS


def test_each_endpoint_is_registered_once() -> None:
    assert len(SERVED) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", DOCUMENTED, ids=_name)
def test_access_and_dialect_are_the_documented_ones(endpoint: AnyEndpoint) -> None:
    documented = _documented(endpoint)
    document = "platform" if endpoint.dialect is Dialect.LINKS else endpoint.dialect.value
    assert (endpoint.access.value, document) == (documented.access, documented.dialect)


@pytest.mark.parametrize("endpoint", DOCUMENTED, ids=_name)
def test_documented_requests_are_accepted(endpoint: AnyEndpoint) -> None:
    for example in _documented(endpoint).request_examples:
        assert isinstance(endpoint, Endpoint)
        assert endpoint.source is Source.BODY
        in_path = dict.fromkeys(_PATH_FIELD.findall(endpoint.path), "1")
        given = endpoint.input.model_validate(in_path | example)
        assert isinstance(example, dict)
        assert {name: getattr(given, name) for name in example} == example


@pytest.mark.parametrize("endpoint", DOCUMENTED, ids=_name)
def test_documented_replies_fit_the_model(endpoint: AnyEndpoint) -> None:
    examples = _documented(endpoint).response_examples
    if endpoint.output is None:
        assert examples == ()
        return
    schema = TypeAdapter(endpoint.output)
    for example in examples:
        schema.validate_python(_data(endpoint, example), strict=True)


def test_dubbing_paths_without_an_endpoint_answer_in_their_dialect() -> None:
    for method, path in NOT_SERVED_YET:
        documented = documented_endpoints()[(method, path)]
        assert dialect_of_path(path).value == documented.dialect, path


def test_openapi_is_valid_and_complete() -> None:
    description = describe_api(ENDPOINTS, version="1.0.0", base_url="https://dub.example")
    OpenAPIV31SpecValidator(description).validate()
    described = {
        (method.upper(), bare_path(path)) for path, operations in description["paths"].items() for method in operations
    }
    assert described == SERVED.keys()
    assert description["servers"] == [{"url": "https://dub.example"}]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return describe_api(ENDPOINTS, version="1.0.0", base_url="")


@pytest.mark.parametrize("endpoint", DOCUMENTED, ids=_name)
def test_openapi_carries_access_and_examples(endpoint: AnyEndpoint, description: dict[str, Any]) -> None:
    operation = description["paths"][endpoint.path][endpoint.method.lower()]
    documented = _documented(endpoint)
    assert operation["summary"] == documented.title
    assert ("security" in operation) == (documented.access != "public")
    if documented.request_examples:
        assert operation["requestBody"]["content"]["application/json"]["example"] == documented.request_examples[0]
    shown = (
        operation["responses"][str(endpoint.success.code)]["content"].get("application/json", {}).get("examples", {})
    )
    assert [each["value"] for each in shown.values()] == list(documented.response_examples)
