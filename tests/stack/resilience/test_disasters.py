"""A cluster under a steady load is rolled, hung, and loses its database server and its brokers.

All tests share one cluster and one load, and each leaves both as it found them. A cluster on the cores of the other
tests would make those slow, so this has a command of its own: `make disaster` takes everything in turn and for as long
as it says, `make disaster DISASTER=short` each kind of process once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from cli.stack.names import SERVICES
from kit.app import Role
from tests.polling import eventually
from tests.stack.resilience.aftermath import check_ledger, check_nothing_is_lost
from tests.stack.resilience.cluster import Cluster, cluster
from tests.stack.resilience.load import Attempt, Load, load, summary
from tests.stack.resilience.pod import Place, Pod
from tests.stack.resilience.postgres import Ending

DISASTER = os.environ.get("DISASTER", "")
IS_WHOLE = DISASTER == "whole"
HANGS_S = 30.0
# One service for all: its worker is a process like that of any other.
WORKERS_APART = SERVICES if IS_WHOLE else ("speech",)
BILLING = Place("billing", Role.SERVE)
# Of the longest call that the load makes, with the answers of a busy machine.
LONGEST_ANSWER_S = 25.0
AWAY, TOO_LATE = "服务暂时不可用，请稍后重试", "请求处理超时，请稍后重试"

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not DISASTER, reason="make disaster"),
    pytest.mark.asyncio(loop_scope="module"),
]


@dataclass(frozen=True, slots=True)
class World:
    cluster: Cluster
    load: Load

    async def check(self) -> None:
        """The load is answered again, and nothing is lost."""
        await self.load.are_answered(30)
        await check_nothing_is_lost(self.cluster, self.load)

    def tell(self, *phases: str) -> None:
        """What each phase was like; pytest shows it with -s."""
        for phase in phases:
            sys.stdout.write(f"\n{summary(self.load, phase)}\n")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("disasters")
    async with cluster(folder, workers_apart=WORKERS_APART) as running, load(running) as steady:
        yield World(running, steady)


async def test_nobody_notices_that_everything_is_replaced(world: World) -> None:
    async with world.load.at("before the roll"):
        await world.load.are_answered(100)
    places = list(dict.fromkeys(pod.place for pod in world.cluster.pods))
    async with world.load.at("roll"):
        for place in places:
            for pod in world.cluster.of(place)[: None if IS_WHOLE else 1]:
                await world.cluster.replace(pod)
        await world.load.are_answered(30)
    world.tell("before the roll", "roll")
    check_only_slow(world, "roll")
    await world.check()


def pods_that_hang(cluster: Cluster) -> list[tuple[str, list[Pod]]]:
    """What hangs together: each pod by itself, or the first of every place at once."""
    first = [cluster.of(place)[0] for place in dict.fromkeys(pod.place for pod in cluster.pods)]
    return [(pod.name, [pod]) for pod in first] if IS_WHOLE else [("one of each", first)]


async def test_half_of_all_processes_hang(world: World) -> None:
    for name, hanging in pods_that_hang(world.cluster):
        phase = f"{name} hangs"
        async with world.load.at(phase), world.cluster.hung(hanging):
            async with asyncio.TaskGroup() as group:
                group.create_task(pause(HANGS_S))
                # The others do it all: callers have noticed.
                group.create_task(world.load.are_answered(30))
            assert {await pod.probe("/readyz") for pod in hanging} == {0}
        await eventually(lambda pods=hanging: are_ready(pods), within_s=120)
        world.tell(phase)
        check_refusals(world.load.refused(phase))
        await world.check()


async def test_a_service_hangs_with_all_its_replicas(world: World) -> None:
    hanging = world.cluster.of(BILLING)
    async with world.load.at("billing hangs"), world.cluster.hung(hanging):

        def is_refused_at_once() -> bool:
            refused = [each for each in world.load.refused("billing hangs") if each.kind == "balance"]
            return bool(refused) and refused[-1].said.find(AWAY) > 0

        await eventually(is_refused_at_once, within_s=120)
        # What does not need it goes on.
        for kind in ("upload", "download", "tasks"):
            await eventually(lambda kind=kind: is_answered(world.load, "billing hangs", kind), within_s=120)
    world.tell("billing hangs")
    refused = world.load.refused("billing hangs")
    check_refusals(refused)
    assert {each.kind for each in refused} <= {"balance", "profile", "recharge", "synthesize"}
    await world.check()


@pytest.mark.parametrize("ending", ["fast", "immediate"])
async def test_the_database_server_is_restarted(ending: Ending, world: World) -> None:
    phase = f"database: {ending}"
    async with world.load.at(phase):
        await asyncio.to_thread(world.cluster.database.restart, ending)
        await world.load.are_answered(30)
    world.tell(phase)
    check_refusals(world.load.refused(phase))
    await world.check()


async def test_a_broker_hangs_and_one_is_lost(world: World) -> None:
    async with world.load.at("a broker hangs"), world.cluster.brokers.hung(0):
        await pause(HANGS_S if IS_WHOLE else 0)
        await world.check()
    async with world.load.at("a broker is lost"):
        await world.cluster.brokers.kill(1)
        await world.check()
        await world.cluster.brokers.start(1)
    world.tell("a broker hangs", "a broker is lost")
    check_only_slow(world, "a broker hangs", "a broker is lost")


async def test_the_brokers_lose_everything(world: World) -> None:
    async with world.load.at("brokers are wiped"):
        await world.cluster.brokers.wipe()
        await world.check()
    world.tell("brokers are wiped")
    check_only_slow(world, "brokers are wiped")


async def test_the_ledger_is_right_after_all_of_it(world: World) -> None:
    await world.check()
    await check_ledger(world.cluster)


def check_only_slow(world: World, *phases: str) -> None:
    """No request has failed. Calls have two seconds, which one in a hundred may need on a machine that is busy with
    something else, whatever happens to the platform."""
    for phase in phases:
        refused = world.load.refused(phase)
        assert [each for each in refused if TOO_LATE not in each.said] == []
        assert len(refused) * 100 <= world.load.count(phase)


async def pause(seconds: float) -> None:
    """For what is about time itself."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


async def are_ready(pods: list[Pod]) -> bool:
    return {await pod.probe("/readyz") for pod in pods} == {200}


def is_answered(load: Load, phase: str, kind: str) -> bool:
    return any(each.is_good for each in load.attempts if (each.phase, each.kind) == (phase, kind))


def check_refusals(refused: list[Attempt]) -> None:
    """Each says in its dialect that one should come again, and says so in time."""
    for each in refused:
        statuses = {500} if each.kind == "balance" else {503, 504}
        assert each.status in statuses, each
        assert AWAY in each.said or TOO_LATE in each.said, each
        assert each.seconds < LONGEST_ANSWER_S, each
