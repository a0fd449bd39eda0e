"""Orders at a provider on both engines: each in its turn, each step once, and none that nobody wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from kit.db.uow import Units
from kit.engines import EngineGaveUp
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.tasks.model import Task
from services.video.domain.provider_orders import OrderState
from services.video.store.uow import VideoUnit
from services.video.usecases.provider_orders import OrderKeeper, SharedOrders
from tests.fakes.clock import FakeClock
from tests.sample_service import new_task
from tests.store.migrated import migrated_database


class FakeLine:
    """A provider that is done with the orders named in `done`, or refuses the account."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.asked: list[str] = []
        self.is_refused = False

    async def let_go(self, provider_id: str) -> bool:
        self.asked.append(provider_id)
        if self.is_refused:
            raise EngineGaveUp("请联系管理员", "InvalidApiKey")
        return provider_id in self.done


@dataclass
class Book:
    """Orders of two replicas, and whoever lets unwanted ones go."""

    units: Units[VideoUnit]
    clock: FakeClock
    line: FakeLine = field(default_factory=FakeLine)

    def __post_init__(self) -> None:
        self.orders, self.other = SharedOrders(self.units, most=1), SharedOrders(self.units, most=1)
        self.keeper = OrderKeeper(self.units, self.line, self.clock)

    async def running(self, *numbers: int) -> None:
        """Tasks a worker has in hand."""

        def start(unit: VideoUnit, number: int) -> Task | None:
            task = unit.tasks.create(new_task(number))
            unit.tasks.queue(task.id, hold_id="hold", credits=1)
            return unit.tasks.leases.claim(task.id, "w#1", lease_s=30)

        for number in numbers:
            await self.units.write(lambda unit, number=number: start(unit, number))

    async def placed(self, task_id: str) -> None:
        """An order the provider knows by the name of the task."""
        await self.orders.enter(task_id)
        assert await self.orders.send(task_id)
        assert await self.orders.place(task_id, f"at-{task_id}") is not None

    async def state(self, task_id: str) -> OrderState | None:
        order = await self.units.read(lambda unit: unit.provider_orders.find(task_id))
        return None if order is None else order.state

    async def cancel(self, task_id: str) -> None:
        await self.units.write(lambda unit: unit.tasks.cancel(task_id))


@pytest.fixture
async def book(database_url: str) -> AsyncIterator[Book]:
    clock = FakeClock()
    events = EventSource("video", RandomIds(), clock)
    async with migrated_database(database_url, "video") as database:
        yield Book(Units(database, lambda connection: VideoUnit(connection, events)), clock)


async def test_one_at_a_time_and_in_the_order_they_came(book: Book) -> None:
    for task_id in ("c", "b", "a"):
        book.clock.advance(1)
        await book.orders.enter(task_id)
    assert [await book.state(task_id) for task_id in "cba"] == ["ADMITTED", "WAITING", "WAITING"]
    assert [(await book.other.enter(task_id)).ahead for task_id in "cba"] == [0, 1, 2]
    await book.orders.send("c")
    await book.orders.place("c", "at-c")
    assert (await book.orders.enter("b")).order.state is OrderState.WAITING
    await book.orders.end("c")
    assert (await book.orders.enter("a")).ahead == 1, "b has waited longer"
    assert (await book.other.enter("b")).order.state is OrderState.ADMITTED
    await book.orders.forget("b")
    assert (await book.orders.enter("a")).order.state is OrderState.ADMITTED


async def test_of_many_that_come_at_once_one_is_admitted(book: Book) -> None:
    replicas = (book.orders, book.other)
    found = await asyncio.gather(*(replicas[number % 2].enter(f"task-{number}") for number in range(12)))
    assert sum(standing.order.state is OrderState.ADMITTED for standing in found) == 1


async def test_each_step_is_taken_once(book: Book) -> None:
    await book.orders.enter("a")
    assert sorted(await asyncio.gather(*(book.orders.send("a") for _ in range(4)))) == [False, False, False, True]
    await book.orders.take_back("a")
    assert await book.state("a") is OrderState.ADMITTED
    assert await book.orders.place("a", "early") is None
    assert await book.orders.send("a")
    placed = await book.orders.place("a", "at-a")
    assert placed is not None and (placed.provider_id, placed.sent_time) == ("at-a", book.clock.now())
    assert await book.orders.place("a", "again") is None
    assert not await book.orders.send("a")
    await book.orders.end("a")
    ended = (await book.orders.enter("a")).order
    assert (ended.state, ended.provider_id) == (OrderState.ENDED, "at-a")


async def test_orders_of_tasks_that_go_on_are_left_alone(book: Book) -> None:
    await book.running(1, 2)
    await book.placed("tts_1")
    await book.orders.enter("tts_2")
    book.clock.advance(100_000)
    assert await book.keeper.step() == 0
    assert book.line.asked == []


async def test_an_unwanted_order_goes_when_the_provider_is_done_with_it(book: Book) -> None:
    await book.running(1, 2)
    await book.placed("tts_1")
    await book.orders.enter("tts_2")
    await book.cancel("tts_1")
    assert await book.keeper.step() == 0
    book.line.is_refused = True
    assert await book.keeper.step() == 0
    assert (await book.orders.enter("tts_2")).order.state is OrderState.WAITING, "the provider has one in hand still"
    book.line.is_refused = False
    book.line.done.add("at-tts_1")
    assert await book.keeper.step() == 1
    assert (await book.orders.enter("tts_2")).order.state is OrderState.ADMITTED
    await book.cancel("tts_2")
    assert await book.keeper.step() == 1, "the provider knows nothing of it"
    assert set(book.line.asked) == {"at-tts_1"}


async def test_a_deleted_task_takes_its_order_with_it(book: Book) -> None:
    await book.running(1)
    await book.placed("tts_1")
    await book.orders.end("tts_1")
    await book.units.write(lambda unit: unit.tasks.delete_own("tts_1", 7))
    assert await book.keeper.step() == 1
    assert await book.state("tts_1") is None


async def test_an_order_on_its_way_is_given_time_to_arrive(book: Book) -> None:
    await book.running(1)
    await book.orders.enter("tts_1")
    await book.orders.send("tts_1")
    await book.cancel("tts_1")
    assert await book.keeper.step() == 0
    assert await book.orders.place("tts_1", "at-tts_1") is not None, "so that it can be cancelled there"
    book.clock.advance(14_401)
    assert await book.keeper.step() == 1, "the provider has given up sooner"


async def test_an_order_that_never_arrived_is_forgotten(book: Book) -> None:
    await book.running(1)
    await book.orders.enter("tts_1")
    await book.orders.send("tts_1")
    await book.cancel("tts_1")
    book.clock.advance(121)
    assert await book.keeper.step() == 1
    assert book.line.asked == []
