"""Which engine a capability gets, and when it may be asked."""

from __future__ import annotations

import pytest

from kit.engines import (
    Capability,
    EngineBroken,
    EngineEntry,
    EngineFull,
    EngineGaveUp,
    EngineState,
    InputRefused,
    open_slot,
    result_of,
)
from kit.errors import Invalid, Unavailable
from kit.tasks.handlers import NotYet, RetryableError

RENDERING = Capability("render", "视频生成", planned_engine="planned")


class FakeEngine:
    """An engine that is only a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def aclose(self) -> None:
        """Nothing to end."""


class Table:
    """Engines by name, with what each lacks."""

    def __init__(self, **problems: tuple[str, ...]) -> None:
        self.problems = problems
        self.entries = {name: self._entry(name) for name in problems}

    def _entry(self, name: str) -> EngineEntry[FakeEngine, str]:
        return EngineEntry(
            lambda _settings: FakeEngine(name),
            lambda settings: EngineState(model=settings, problems=self.problems[name]),
        )


def test_an_empty_table_names_the_engine_to_come() -> None:
    slot = open_slot(RENDERING, Table().entries, "m")
    [fact] = slot.facts
    assert (fact.name, fact.is_available, fact.is_selected) == ("planned", False, False)
    with pytest.raises(Unavailable) as refused:
        slot.require()
    assert refused.value.message == "视频生成引擎暂不可用，请稍后重试"


def test_the_first_that_can_work_is_selected() -> None:
    slot = open_slot(RENDERING, Table(first=("no model",), second=(), third=()).entries, "m")
    assert slot.require().name == "second"
    assert [(fact.name, fact.is_available, fact.is_selected) for fact in slot.facts] == [
        ("first", False, False),
        ("second", True, True),
        ("third", True, False),
    ]
    assert slot.facts[0].unavailable_reason == "引擎不可用：no model"


async def test_the_selected_engine_stays_and_may_come_back() -> None:
    table = Table(first=("no model",), second=("no key",))
    slot = open_slot(RENDERING, table.entries, "m")
    with pytest.raises(Unavailable):
        slot.require()
    table.problems["first"] = ()
    await slot.step()
    with pytest.raises(Unavailable):
        slot.require()
    table.problems["second"] = ()
    await slot.step()
    assert slot.require().name == "second"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (InputRefused("没有人脸"), Invalid),
        (EngineGaveUp("请联系管理员", "InvalidApiKey"), Unavailable),
        (EngineBroken("worker died"), RetryableError),
        (EngineFull(3.0), NotYet),
    ],
)
async def test_what_engines_raise(raised: Exception, expected: type[Exception]) -> None:
    async def ask() -> None:
        raise raised

    with pytest.raises(expected):
        await result_of(ask())
