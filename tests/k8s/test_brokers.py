"""The brokers' configuration, read by the broker itself, and three of them with one lost."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from cli.stack.component import Probe
from cli.stack.probing import is_ready
from kit.events.bus import BusUnavailable
from kit.events.nats_bus import NatsBus
from kit.events.stream_keeper import UNFLUSHED
from kit.events.streams import EVENTS
from tests.k8s.rendering import COMPONENT, OVERLAYS, Manifest, container_of, labels_of, of_kind, pod_of, workloads
from tests.nats import NatsServer
from tests.polling import eventually
from tests.ports import free_port

PROGRAM = Path(sys.executable).with_name("nats-server")
TOKEN = "a-token-of-the-tests"
NODES = 3


def brokers(overlay: str) -> Manifest:
    (found,) = [each for each in workloads(overlay) if labels_of(each)[COMPONENT] == "broker"]
    return found


def configuration(overlay: str) -> str:
    """The file that the pods mount."""
    (name,) = [each["configMap"]["name"] for each in pod_of(brokers(overlay))["volumes"] if "configMap" in each]
    (data,) = [each["data"] for each in of_kind(overlay, "ConfigMap") if each["metadata"]["name"] == name]
    text: str = data["nats.conf"]
    return text


def on_this_machine(overlay: str, folder: Path, ports: Mapping[int, Mapping[str, int]], node: int) -> Path:
    """The configuration of a node with addresses and folders of this machine instead of the pod's."""
    text = configuration(overlay).replace("0.0.0.0:", "127.0.0.1:").replace("/run/nats/", f"{folder}/")
    text = text.replace('"/data"', f'"{folder}/data{node}"')
    for other, own in ports.items():
        text = text.replace(f"nats-{other}.nats-headless:6222", f"127.0.0.1:{own['6222']}")
    for port, here in ports[node].items():
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{here}")
    path = folder / f"nats-{node}.conf"
    path.write_text(text, encoding="utf-8")
    return path


def environment(node: int) -> dict[str, str]:
    return {**os.environ, "SERVER_NAME": f"nats-{node}", "NATS_TOKEN": TOKEN}


def free_ports() -> dict[int, dict[str, int]]:
    return {node: {port: free_port() for port in ("4222", "6222", "8222")} for node in range(NODES)}


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


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[dict[int, asyncio.subprocess.Process], str]]:
    """Three brokers as the overlay configures them, started by its own probe, and the address of all."""
    ports = free_ports()
    nodes: dict[int, asyncio.subprocess.Process] = {}
    async with AsyncExitStack() as stack:
        for node in range(NODES):
            path = on_this_machine("prod", folder, ports, node)
            nodes[node] = await asyncio.create_subprocess_exec(
                str(PROGRAM),
                "--config",
                str(path),
                env=environment(node),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            stack.push_async_callback(end, nodes[node])
        probe = container_of(brokers("prod"))["startupProbe"]["httpGet"]["path"]
        for own in ports.values():
            await eventually(partial(is_ready, Probe(int(own["8222"]), probe)), within_s=120)
        yield nodes, ",".join(f"nats://{TOKEN}@127.0.0.1:{each['4222']}" for each in ports.values())


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_events_are_taken_while_one_of_three_brokers_is_lost(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (nodes, url), NatsBus(url, name="test", replicas=NODES) as bus:

        async def is_taken(message_id: str) -> bool:
            try:
                await bus.ensure_stream(EVENTS)
                await bus.publish("evt.test.thing.done", b"", message_id=message_id)
            except BusUnavailable:
                return False
            return True

        await eventually(lambda: is_taken("first"), within_s=120)
        await end(nodes[0])  # the first of the addresses: the bus is connected to it
        await eventually(lambda: is_taken("with two"), within_s=120)


async def test_a_broker_of_one_node_gives_no_three_copies(tmp_path: Path) -> None:
    """What the setting is for: the copies are really asked for."""
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test", replicas=NODES) as bus:
        await bus.wait_connected(10)
        with pytest.raises(BusUnavailable):
            await bus.ensure_stream(EVENTS)
