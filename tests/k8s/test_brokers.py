"""The brokers' configuration, read by the broker itself, and three of them with one lost."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kit.events.bus import BusUnavailable
from kit.events.nats_bus import NatsBus
from kit.events.stream_keeper import UNFLUSHED
from kit.events.streams import EVENTS
from tests.k8s.brokers import (
    NODES,
    PROGRAM,
    broker_cluster,
    brokers,
    configuration,
    environment,
    free_ports,
    on_this_machine,
)
from tests.k8s.rendering import OVERLAYS, container_of, pod_of
from tests.nats import NatsServer
from tests.polling import eventually


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_broker_takes_its_configuration(overlay: str, tmp_path: Path) -> None:
    path = on_this_machine(overlay, tmp_path, free_ports(), 0)
    command = [str(PROGRAM), "--config", str(path), "-t"]
    result = subprocess.run(command, env=environment(0), capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


def test_what_may_be_unflushed_is_published_again() -> None:
    found = re.search(r'sync_interval: "(\d+)m"', configuration("prod"))
    assert found is not None
    assert int(found[1]) * 60 * 2 < UNFLUSHED.total_seconds()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_broker_has_the_time_to_hand_over(overlay: str) -> None:
    found = re.search(r'lame_duck_duration: "(\d+)s"', configuration(overlay))
    assert found is not None
    assert pod_of(brokers(overlay))["terminationGracePeriodSeconds"] > int(found[1]) + 15
    mounts = {mount["mountPath"] for mount in container_of(brokers(overlay))["volumeMounts"]}
    assert {"/data", "/run/nats", "/etc/nats"} == mounts


async def test_events_are_taken_while_one_of_three_brokers_is_lost(tmp_path: Path) -> None:
    async with broker_cluster(tmp_path) as cluster, NatsBus(cluster.url, name="test", replicas=NODES) as bus:

        async def is_taken(message_id: str) -> bool:
            try:
                await bus.ensure_stream(EVENTS)
                await bus.publish("evt.test.thing.done", b"", message_id=message_id)
            except BusUnavailable:
                return False
            return True

        await eventually(lambda: is_taken("first"), within_s=120)
        await cluster.kill(0)  # the first of the addresses: the bus is connected to it
        await eventually(lambda: is_taken("with two"), within_s=120)


async def test_a_broker_of_one_node_gives_no_three_copies(tmp_path: Path) -> None:
    """What the setting is for: the copies are really asked for."""
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test", replicas=NODES) as bus:
        await bus.wait_connected(10)
        with pytest.raises(BusUnavailable):
            await bus.ensure_stream(EVENTS)
