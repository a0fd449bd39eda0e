"""The whole platform document against a real stack, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from edge.contract.reader import bare_path, documented_endpoints
from tests.databases import ENGINES
from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.readings import READINGS
from tests.stack.contract.journey import JOURNEY
from tests.stack.contract.step import Step
from tests.stack.contract.travel import Exchange

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]

_FILES = ("GET", "/api/files/download/{file_id}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|uuid-video-task-id")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture
def answers(engine: str, request: pytest.FixtureRequest) -> Mapping[str, Exchange]:
    """Those of a stack on this database."""
    found: Mapping[str, Exchange] = request.getfixturevalue(f"{engine}_answers")
    return found


@pytest.mark.parametrize("step", JOURNEY, ids=lambda step: step.name)
@pytest.mark.parametrize("engine", ENGINES, scope="session")
def test_a_documented_request_is_answered_as_documented(step: Step, answers: Mapping[str, Exchange]) -> None:
    answer = answers[step.name]
    assert (answer.failure, answer.status) == ("", step.status), answer
    if step.refusal:
        assert refusal_of(answer.body) == step.refusal
    elif (step.method, step.path) != _FILES:
        compare(step, answer.body)


@pytest.mark.parametrize("step", JOURNEY, ids=lambda step: step.name)
def test_both_databases_answer_alike(
    step: Step, sqlite_answers: Mapping[str, Exchange], postgresql_answers: Mapping[str, Exchange]
) -> None:
    ours, theirs = sqlite_answers[step.name], postgresql_answers[step.name]
    assert ours.status == theirs.status
    assert set(places(ours.body)) == set(places(theirs.body))


def compare(step: Step, reply: Any) -> None:
    """Fails unless the reply is as the document shows or describes it."""
    path = bare_path(step.path)
    examples = documented_endpoints()[(step.method, path)].response_examples
    if not examples:
        same_shape_as_read(reply, step.method, path)
        assert set(empty_lists(reply, READINGS[(step.method, path)])) == set(step.empty)
        return
    documented: Any = examples[step.example]
    assert not reply.keys() & set(step.omits)
    assert set(empty_lists(reply, documented)) == set(step.empty)
    assert without_ids(reply.get("message")) == without_ids(documented.get("message"))
    same_shape(
        reply | {key: documented[key] for key in step.omits},
        step.method,
        path,
        example=step.example,
        nullable=step.nullable,
        keyed_by_data=step.keyed_by_data,
    )


def without_ids(message: str | None) -> str | None:
    """The message with its UUID, or the document's stand-in for one, left out."""
    return None if message is None else _UUID.sub("", message)


def empty_lists(reply: Any, documented: Any, where: str = "") -> Iterator[str]:
    """Places of lists that would be compared with nothing."""
    if isinstance(documented, dict):
        for key in documented.keys() & reply.keys():
            yield from empty_lists(reply[key], documented[key], f"{where}.{key}".lstrip("."))
    elif isinstance(documented, list) and documented:
        if not reply:
            yield where
        for item in reply:
            yield from empty_lists(item, documented[0], where)


def refusal_of(reply: Any) -> str:
    """The text of an error; links have a dialect of their own."""
    text: str = reply["msg"] if "msg" in reply else reply["detail"]
    return text


def places(reply: Any, where: str = "") -> Iterator[str]:
    """The dotted places of all keys; items of a list share theirs, and so do dates."""
    if isinstance(reply, dict):
        for key, value in reply.items():
            place = f"{where}.{_DATE.sub('date', key)}"
            yield place
            yield from places(value, place)
    elif isinstance(reply, list):
        for item in reply:
            yield from places(item, f"{where}[]")
