"""The platform as a cluster runs it: two replicas, a database server, three brokers, names for the ready pods.

What the cluster does is done here by hand: a pod's address is answered for its service's name when the pod is ready,
and taken away before it is told to end. Speech is made by an emulated cloud engine, so that a task takes a moment.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cli.stack.names import EDGE, SERVICES
from kit.app import Role
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.k8s.brokers import NODES, BrokerCluster, broker_cluster
from tests.ports import free_port
from tests.stack.harness import environment
from tests.stack.resilience.name_server import NameServer, name_server
from tests.stack.resilience.pod import Place, Pod
from tests.stack.resilience.postgres import RestartedPostgres, restarted_postgres

ADMIN_PASSWORD = "a-good-password-of-the-tests"
REPLICAS = 2
GRACE_S = 10
# Two a place and some rolls more fit into the hundred connections that the server has.
_CONNECTIONS = {"DB__WRITE_CONNECTIONS": "2", "DB__READ_CONNECTIONS": "1"}


def places(*, are_workers_apart: Iterable[str]) -> list[Place]:
    """Everything that has replicas. Services not named do their work in the pods that serve."""
    workers = [Place(service, Role.WORKER) for service in are_workers_apart]
    return [*(Place(service, Role.SERVE) for service in SERVICES), *workers, Place(EDGE, Role.SERVE)]


class Cluster:
    """Made by `cluster`. `pods` are the running ones."""

    def __init__(
        self,
        folder: Path,
        names: NameServer,
        *,
        database: RestartedPostgres,
        brokers: BrokerCluster,
        settings: Mapping[str, Mapping[str, str]],
        ports: tuple[int, int],
    ) -> None:
        self.folder = folder
        self.database = database
        self.brokers = brokers
        self.pods: list[Pod] = []
        self._names = names
        self._settings = settings
        self._port, self._admin_port = ports
        self._started = 0

    def of(self, place: Place) -> list[Pod]:
        """The pods of a place."""
        return [pod for pod in self.pods if pod.place == place]

    def edge_urls(self) -> list[str]:
        """Of the edges that are ready."""
        return [f"http://{address}:{self._port}" for address in self._names.addresses.get(EDGE, ())]

    async def start(self, *wanted: Place) -> list[Pod]:
        """A new pod for each place, all at once; they are ready and have their names."""
        started = [await self._start(place) for place in wanted]
        for pod in started:
            await pod.wait_ready()
            self._answer_for(pod)
        return started

    async def replace(self, former: Pod) -> None:
        """As a roll does it: a ready one more, then one less. Fails when the former does not end as it should."""
        await self.start(former.place)
        self._forget(former)
        status = await former.stop()
        self.pods.remove(former)
        assert status == 0, f"{former.name} ended with {status}"

    @asynccontextmanager
    async def hung(self, pods: Iterable[Pod]) -> AsyncIterator[None]:
        """The pods do nothing in the body. An edge has nobody but the cluster to find that out: it sends it nothing."""
        hanging = list(pods)
        edges = [pod for pod in hanging if pod.place.app == EDGE]
        for pod in edges:
            self._forget(pod)
        try:
            for pod in hanging:
                pod.freeze()
            yield
        finally:
            for pod in hanging:
                pod.thaw()
            for pod in edges:
                self._answer_for(pod)

    async def close(self) -> None:
        """Leaves nothing behind."""
        for pod in self.pods:
            pod.thaw()
        for pod in self.pods:
            await pod.kill()

    async def _start(self, place: Place) -> Pod:
        self._started += 1
        # An address of its own, also beside another run of the same tests on this machine.
        address = f"127.{os.getpid() >> 8 & 0x7F | 0x80}.{os.getpid() & 0xFF}.{self._started}"
        prefix = f"VOXREEL_{place.app.upper()}_"
        own = {
            "HOST": address,
            "ADMIN_HOST": address,
            "INSTANCE": f"{place.app}-{place.role}-{self._started}",
            **self._settings[place.app],
        }
        pod = await Pod.start(
            *(place, self._started, address, self._admin_port),
            environment=environment(**{prefix + name: value for name, value in own.items()}),
            log=self.folder / f"{place.app}-{place.role}-{self._started}.log",
        )
        self.pods.append(pod)
        return pod

    def _answer_for(self, pod: Pod) -> None:
        if pod.place.role is Role.SERVE:
            self._names.addresses.setdefault(pod.place.app, []).append(pod.address)

    def _forget(self, pod: Pod) -> None:
        if pod.place.role is Role.SERVE:
            self._names.addresses[pod.place.app].remove(pod.address)


def _settings(
    folder: Path,
    *,
    database: RestartedPostgres,
    brokers: BrokerCluster,
    cloud: DashScopeEmulator,
    ports: tuple[int, int],
    name_port: int,
    apart: frozenset[str],
) -> dict[str, dict[str, str]]:
    """What the pods of an app have in common, by app."""
    port, admin_port = ports
    common = {
        "PORT": str(port),
        "ADMIN_PORT": str(admin_port),
        "DATA_DIR": str(folder / "data"),
        "GRACE_S": str(GRACE_S),
        "SERVICE_TOKEN": "a-service-token-of-the-tests",
        "NATS_URL": brokers.url,
        **{f"PEERS__{peer.upper()}": f"dns://127.0.0.1:{name_port}/{peer}:{port}" for peer in SERVICES},
    }
    settings = {EDGE: {**common, "RATES__CREDENTIALS_PER_S": "1000"}}
    for service in SERVICES:
        settings[service] = {
            **common,
            **_CONNECTIONS,
            "DB__URL": database.url(service),
            "NATS_REPLICAS": str(NODES),
            "IS_WORKER_ON": str(service not in apart),
        }
    settings["auth"] |= {
        "SIGNING_KEY": _signing_key(),
        "FIRST_ADMIN__ACCOUNT": "admin",
        "FIRST_ADMIN__PASSWORD": ADMIN_PASSWORD,
    }
    settings["speech"] |= {
        "DASHSCOPE__API_KEY": KEY,
        "DASHSCOPE__HTTP_URL": cloud.http_url,
        "DASHSCOPE__WEBSOCKET_URL": cloud.websocket_url,
        "DASHSCOPE__COSYVOICE_PER_S": "1000",
        "DASHSCOPE__SAMBERT_PER_S": "1000",
        "SYNTHESIS__MAX_USER_TASKS": "1000",
    }
    return settings


def _signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@asynccontextmanager
async def cluster(folder: Path, *, workers_apart: Iterable[str]) -> AsyncIterator[Cluster]:
    """All replicas of all places, ready."""
    apart = frozenset(workers_apart)
    ports = (free_port(), free_port())
    async with AsyncExitStack() as stack:
        database = stack.enter_context(restarted_postgres())
        brokers = await stack.enter_async_context(broker_cluster(folder))
        cloud = await stack.enter_async_context(DashScopeEmulator().serving())
        names, name_port = await stack.enter_async_context(name_server())
        settings = _settings(
            folder, database=database, brokers=brokers, cloud=cloud, ports=ports, name_port=name_port, apart=apart
        )
        running = Cluster(folder, names, database=database, brokers=brokers, settings=settings, ports=ports)
        stack.push_async_callback(running.close)
        wanted = places(are_workers_apart=sorted(apart))
        await running.start(*wanted * REPLICAS)
        yield running
