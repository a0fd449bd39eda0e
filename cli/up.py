"""`voxreel up`: the whole platform on one machine."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import click

from cli.options import data_dir_option
from cli.stack.broker import BrokerMissingError
from cli.stack.data_dir import DataDir, DataDirInUseError
from cli.stack.keeper import UnusableSettingsError
from cli.stack.names import EDGE
from cli.stack.plan import Admin, Plan, PlanError, components, make_plan, single_process_components
from cli.stack.ports import NoFreePortError, ReservedPorts
from cli.stack.supervisor import Supervisor

_ADMIN_ACCOUNT = "admin"


@click.command("up")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the REST API listens on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port of the REST API; 0 takes a free one.",
)
@data_dir_option
@click.option("--single-process", is_flag=True, help="Run all services in one process: less memory, faster start.")
def command(host: str, port: int, data_dir: Path, *, single_process: bool) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    # Databases and files of users are nobody else's on this machine; every process inherits this.
    os.umask(0o077)
    folder = DataDir(data_dir.absolute())
    folder.create()
    try:
        with folder.locked(), ReservedPorts() as ports:
            admin, is_new = first_admin(folder, os.environ)
            plan = make_plan(folder, host=host, port=port, ports=ports, admin=admin, environ=os.environ)
            parts = single_process_components(plan) if single_process else components(plan)
            supervisor = Supervisor(parts, folder, url=plan.url, report=_report, services=plan.services)
            asyncio.run(_run(supervisor, plan, password_to_show=admin.password if is_new else None))
    except DataDirInUseError:
        raise click.ClickException(f"another stack is running on {folder.root}") from None
    except (PlanError, BrokerMissingError) as error:
        raise click.ClickException(str(error)) from None
    except NoFreePortError:
        raise click.ClickException("no free port was found") from None
    except UnusableSettingsError as error:
        raise click.ClickException(f"{error} refuses its settings; see above") from None


def first_admin(data_dir: DataDir, environ: Mapping[str, str]) -> tuple[Admin, bool]:
    """The first administrator, and whether the password was made just now.

    The operator's choice wins; else a password that is made once and kept for the operator to read.
    Raises PlanError when only one of account and password is given.
    """
    account, password = environ.get("VOXREEL_ADMIN_ACCOUNT"), environ.get("VOXREEL_ADMIN_PASSWORD")
    if account and password:
        return Admin(account, password), False
    if account or password:
        raise PlanError("set both VOXREEL_ADMIN_ACCOUNT and VOXREEL_ADMIN_PASSWORD, or neither")
    kept = data_dir.admin_password()
    if kept is not None:
        return Admin(_ADMIN_ACCOUNT, kept), False
    return Admin(_ADMIN_ACCOUNT, data_dir.new_admin_password()), True


async def _run(supervisor: Supervisor, plan: Plan, *, password_to_show: str | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if not stop.is_set():
            click.echo("stopping …")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)

    def on_ready() -> None:
        _welcome(plan, password_to_show)

    await supervisor.run(stop, on_ready=on_ready)
    click.echo("stopped")


def _welcome(plan: Plan, password_to_show: str | None) -> None:
    if password_to_show is not None:
        _report("admin", f"account {_ADMIN_ACCOUNT}, password {password_to_show}")
        _report("", f"kept in {plan.data_dir.admin_password_file}; this is the only time it is shown")
    local = f"http://127.0.0.1:{plan.ports[EDGE]}" if _listens_everywhere(plan.host) else plan.url
    click.echo(f"ready: {plan.url}")
    _report("docs", f"{local}/docs")
    _report("grpc", ", ".join(f"{name} {address}" for name, address in plan.services.items()))
    _report("try", f"curl {local}/api/system")


def _listens_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _report(name: str, text: str) -> None:
    click.echo(f"{name:9}{text}")
