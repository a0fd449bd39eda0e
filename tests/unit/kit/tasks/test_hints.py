"""What a service says about its tasks to whoever follows them elsewhere."""

from __future__ import annotations

import asyncio

from kit.events.memory import MemoryBus
from kit.tasks.hints import TaskHints, ids_of_hint
from kit.tasks.notifier import TaskNotifier
from tests.fakes.clock import FakeClock
from tests.polling import eventually


def _told(bus: MemoryBus) -> list[tuple[str, list[str]]]:
    return [(subject, ids_of_hint(body)) for subject, body in bus.hints]


async def test_many_changes_of_many_tasks_are_one_hint() -> None:
    bus, notifier = MemoryBus(FakeClock()), TaskNotifier()
    hints = TaskHints(bus, "speech", notifier)
    assert await hints.step() == 0
    for _ in range(100):
        notifier.changed("tts_1")
        notifier.changed("tts_2")
    assert await hints.step() == 2
    assert await hints.step() == 0
    assert _told(bus) == [("live.speech.task", ["tts_1", "tts_2"])]


async def test_a_hint_that_cannot_be_sent_is_lost_and_the_next_one_is_not() -> None:
    bus, notifier = MemoryBus(FakeClock()), TaskNotifier()
    hints = TaskHints(bus, "video", notifier)
    bus.disconnect()
    notifier.changed("lost")
    await hints.step()
    bus.connect()
    notifier.changed("told")
    await hints.step()
    assert _told(bus) == [("live.video.task", ["told"])]


async def test_what_changed_before_the_end_is_told_before_the_end() -> None:
    bus, notifier, stop = MemoryBus(FakeClock()), TaskNotifier(), asyncio.Event()
    running = asyncio.create_task(TaskHints(bus, "speech", notifier).run(stop))
    notifier.changed("first")
    await eventually(lambda: len(bus.hints) == 1, within_s=60)
    notifier.changed("last")
    stop.set()
    await running
    assert _told(bus) == [("live.speech.task", ["first"]), ("live.speech.task", ["last"])]
