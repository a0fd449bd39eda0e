"""The refusals that OpenAPI tells of against those that the edge answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.endpoint import Access, Dialect, Endpoint, NoInput
from edge.errors import ROWS
from edge.openapi import describe_api
from edge.openapi_refusals import refusal_components, refusals_of
from edge.platform_api.models.users import LoginIn, MessageOut
from edge.routes import ENDPOINTS
from kit.errors import DomainError


def _endpoint(**fields: object) -> Endpoint[LoginIn]:
    async def answer(*_: object) -> dict[str, object]:
        raise DomainError

    given = {"method": "GET", "path": "/x", "access": Access.PUBLIC, "input": NoInput, "tag": "x"}
    return Endpoint(**{**given, "handler": answer, "output": MessageOut, **fields})


def _statuses(**fields: object) -> set[int]:
    return {int(status) for status in refusals_of(_endpoint(**fields))}


def test_every_status_of_an_error_has_a_description() -> None:
    _, responses = refusal_components(Dialect)
    for row in ROWS.values():
        # What is not implemented is not described.
        if row.platform_status != 501:
            assert f"PlatformError{row.platform_status}" in responses
            assert f"LinksError{row.platform_status}" in responses
        assert f"DubbingError{row.dubbing_code}" in responses


def test_both_dialects_spell_a_refusal_as_the_edge_does() -> None:
    for row in ROWS.values():
        if row.platform_status != 501:
            spelled = _statuses(refusals=(row.platform_status,), dialect=Dialect.DUBBING)
            assert row.dubbing_code in spelled
            assert row.dubbing_code == row.platform_status or row.platform_status not in spelled


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, set()),
        ({"access": Access.USER}, {401, 403}),
        ({"input": LoginIn}, {400, 422}),
        ({"is_keyed": True}, {400, 422}),
        ({"path": "/x/{id}"}, {404}),
        ({"method": "DELETE"}, {409}),
        ({"refusals": (402,)}, {402}),
    ],
)
def test_what_an_endpoint_is_tells_its_refusals(fields: dict[str, object], more: set[int]) -> None:
    assert _statuses(**fields) == {429, 500, 503, 504} | more


def test_no_refusal_is_declared_that_is_told_anyway() -> None:
    for endpoint in ENDPOINTS:
        bare = replace(endpoint, refusals=())
        assert not {str(status) for status in endpoint.refusals} & refusals_of(bare).keys(), endpoint.path


def test_each_reference_is_described() -> None:
    description = describe_api(ENDPOINTS, version="1.0.0", base_url="")
    responses = description["components"]["responses"]
    for operations in description["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                assert status in {"200", "201", "204"} or response["$ref"].rpartition("/")[2] in responses
