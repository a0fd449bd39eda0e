"""Three brokers on this machine, configured as the manifests configure them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from cli.stack.component import Probe
from cli.stack.probing import is_ready
from tests.k8s.rendering import COMPONENT, Manifest, container_of, labels_of, of_kind, pod_of, workloads
from tests.polling import eventually
from tests.ports import free_port

PROGRAM = Path(sys.executable).with_name("nats-server")
NODES = 3
_TOKEN = "a-token-of-the-tests"
_READY_WITHIN_S = 60.0


def brokers(overlay: str) -> Manifest:
    """The workload that runs them."""
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
    """What the container gets."""
    return {**os.environ, "SERVER_NAME": f"nats-{node}", "NATS_TOKEN": _TOKEN}


def free_ports() -> dict[int, dict[str, int]]:
    """Of each node: the manifest's port, and the one here."""
    return {node: {port: free_port() for port in ("4222", "6222", "8222")} for node in range(NODES)}


class BrokerCluster:
    """The nodes keep their ports and folders over their starts. `url` names all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_ports()
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    @property
    def url(self) -> str:
        return ",".join(f"nats://{_TOKEN}@127.0.0.1:{own['4222']}" for own in self._ports.values())

    async def start(self, *nodes: int) -> None:
        """Returns when the manifest's own startup probe is content with each."""
        for node in nodes:
            path = on_this_machine("prod", self._folder, self._ports, node)
            self._processes[node] = await asyncio.create_subprocess_exec(
                *(str(PROGRAM), "--config", str(path)),
                env=environment(node),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        path = container_of(brokers("prod"))["startupProbe"]["httpGet"]["path"]
        for node in nodes:
            probe = Probe(self._ports[node]["8222"], path)
            await eventually(partial(is_ready, probe), within_s=_READY_WITHIN_S)

    @asynccontextmanager
    async def hung(self, node: int) -> AsyncIterator[None]:
        """The node does nothing in the body."""
        process = self._processes[node]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    async def kill(self, *nodes: int) -> None:
        """Ends them without a chance to flush."""
        for node in nodes:
            process = self._processes.pop(node)
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """Ends all of them."""
        await self.kill(*list(self._processes))

    async def wipe(self) -> None:
        """All nodes lose their storage at once and start empty."""
        await self.close()
        for node in range(NODES):
            await asyncio.to_thread(shutil.rmtree, self._folder / f"data{node}")
        await self.start(*range(NODES))


@asynccontextmanager
async def broker_cluster(folder: Path) -> AsyncIterator[BrokerCluster]:
    """All nodes, started."""
    cluster = BrokerCluster(folder)
    try:
        await cluster.start(*range(NODES))
        yield cluster
    finally:
        await cluster.close()
