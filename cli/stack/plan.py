"""Where everything of one stack listens, and with which settings each process starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cli.stack.broker import broker, broker_url
from cli.stack.component import Component, Probe
from cli.stack.data_dir import DataDir
from cli.stack.names import APPS, BROKER, EDGE, PLATFORM, SERVICES, module_of
from cli.stack.ports import ReservedPorts

_LOOPBACK = "127.0.0.1"
_PREFIX = "VOXREEL_"
# Edge, services and broker drain one after the other; together they must end within 15 s.
_GRACE_S = 5


class PlanError(Exception):
    """The stack cannot be started as asked for. The text is for the operator."""


@dataclass(frozen=True, slots=True)
class Admin:
    """The administrator that exists from the first start on."""

    account: str
    password: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Addresses of one stack. `environ` is the operator's environment, which wins over what is computed."""

    data_dir: DataDir
    host: str
    ports: Mapping[str, int]
    admin_ports: Mapping[str, int]
    admin: Admin | None
    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where the REST API is reached."""
        return f"http://{_in_url(self.host)}:{self.ports[EDGE]}"

    @property
    def services(self) -> dict[str, str]:
        """gRPC address by service."""
        return {service: self.address(service) for service in SERVICES}

    def address(self, app: str) -> str:
        """`host:port` of an app."""
        return f"{self.host if app == EDGE else _LOOPBACK}:{self.ports[app]}"


def make_plan(
    data_dir: DataDir, *, host: str, port: int, ports: ReservedPorts, admin: Admin | None, environ: Mapping[str, str]
) -> Plan:
    """Chooses the ports. A port the operator sets in the environment is kept; `port` 0 takes a free one.

    Raises PlanError when the wanted port of the REST API is taken.
    """
    given = {app: _given(environ, app, "PORT") for app in SERVICES}
    given_admin = {app: _given(environ, app, "ADMIN_PORT") for app in (*APPS, BROKER)}
    for number in filter(None, (*given.values(), *given_admin.values())):
        ports.keep(_LOOPBACK, number)
    edge_port = _edge_port(host, _given(environ, EDGE, "PORT") or port, ports)
    chosen = {EDGE: edge_port}
    for offset, service in enumerate(SERVICES, start=1):
        chosen[service] = given[service] or ports.take(_LOOPBACK, edge_port + offset if port else 0)
    chosen[BROKER] = ports.take(_LOOPBACK, 0)
    admin_ports = {app: number or ports.take(_LOOPBACK, 0) for app, number in given_admin.items()}
    return Plan(data_dir, host, chosen, admin_ports, admin, environ)


def components(plan: Plan) -> list[Component]:
    """A process for the broker and one for each app, in the order they start.

    An app bears the absence of its peers and says that it is not ready, so all start together once the broker is
    there. The edge drains first and the broker last.
    """
    services = [_app(plan, service, drains_after=(EDGE,)) for service in SERVICES]
    return [_broker(plan, drains_after=APPS), *services, _app(plan, EDGE, drains_after=())]


def single_process_components(plan: Plan) -> list[Component]:
    """A process for the broker and one for all apps."""
    platform = Component(
        name=PLATFORM,
        command=(sys.executable, "-m", "cli.stack.single_process"),
        environment=_environment(plan, APPS),
        address=plan.address(EDGE),
        # The edge is ready when all services are.
        probe=Probe(plan.admin_ports[EDGE], "/readyz"),
        starts_after=(BROKER,),
    )
    return [_broker(plan, drains_after=(PLATFORM,)), platform]


def settings_of_app(plan: Plan, app: str) -> dict[str, str]:
    """The `VOXREEL_<APP>_…` variables of one app; what the operator set himself wins."""
    prefix = f"{_PREFIX}{app.upper()}_"
    values = {
        "HOST": plan.host if app == EDGE else _LOOPBACK,
        "PORT": str(plan.ports[app]),
        "ADMIN_PORT": str(plan.admin_ports[app]),
        "DATA_DIR": str(plan.data_dir.root),
        "NATS_URL": broker_url(plan.data_dir, plan.ports[BROKER]),
        "SERVICE_TOKEN": plan.data_dir.secret("service-token"),
        "INSTANCE": app,
        "GRACE_S": str(_GRACE_S),
        **{f"PEERS__{peer.upper()}": f"{_LOOPBACK}:{plan.ports[peer]}" for peer in SERVICES},
    }
    if app != EDGE:
        # Who works on one machine wants to look at the contracts there.
        values["IS_REFLECTION_ON"] = "true"
    if app == "auth" and plan.admin is not None:
        values["FIRST_ADMIN__ACCOUNT"] = plan.admin.account
        values["FIRST_ADMIN__PASSWORD"] = plan.admin.password
    own = {name: value for name, value in plan.environ.items() if name.startswith(prefix)}
    computed = {prefix + name: value for name, value in values.items() if f"{prefix}{name}_FILE" not in own}
    return {**computed, **own}


def _app(plan: Plan, app: str, *, drains_after: tuple[str, ...]) -> Component:
    return Component(
        name=app,
        command=(sys.executable, "-m", module_of(app)),
        environment=_environment(plan, (app,)),
        address=plan.address(app),
        probe=Probe(plan.admin_ports[app], "/readyz"),
        starts_after=(BROKER,),
        drains_after=drains_after,
    )


def _broker(plan: Plan, *, drains_after: tuple[str, ...]) -> Component:
    return broker(
        plan.data_dir,
        port=plan.ports[BROKER],
        monitor_port=plan.admin_ports[BROKER],
        drains_after=drains_after,
    )


def _environment(plan: Plan, apps: tuple[str, ...]) -> dict[str, str]:
    """What a process of these apps sees: the operator's environment without the settings of all other apps."""
    general = {name: value for name, value in plan.environ.items() if not name.startswith(_PREFIX)}
    environment = {**general, "PYTHONPATH": _import_path(plan.environ)}
    for app in apps:
        environment.update(settings_of_app(plan, app))
    return environment


def _import_path(environ: Mapping[str, str]) -> str:
    # A checkout that is not installed has two import roots; an installed wheel has one.
    roots = [str(Path(root).resolve().parent) for package in ("kit", "voxreel") for root in _folders(package)]
    return os.pathsep.join(dict.fromkeys([*roots, *filter(None, [environ.get("PYTHONPATH")])]))


def _folders(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec is not None else []


def _given(environ: Mapping[str, str], app: str, name: str) -> int:
    """0 when the operator sets none."""
    text = environ.get(f"{_PREFIX}{app.upper()}_{name}", "")
    return int(text) if text.isdecimal() else 0


def _edge_port(host: str, wanted: int, ports: ReservedPorts) -> int:
    if not wanted:
        return ports.take(host, 0)
    if not ports.claim(host, wanted):
        raise PlanError(f"port {wanted} on {host} is taken; choose another with --port")
    return wanted


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
