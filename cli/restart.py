"""`voxreel restart`: one process of a running stack."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import click

from cli.options import data_dir_option
from cli.stack.data_dir import DataDir
from cli.stack.state import StackState, read_state

_WAIT_S = 60.0
_POLL_S = 0.1


@click.command("restart")
@click.argument("component")
@data_dir_option
def command(component: str, data_dir: Path) -> None:
    """Restart one process of a running stack; its port stays the same."""
    folder = DataDir(data_dir.absolute())
    former = _state(folder)
    if component not in former.components:
        names = ", ".join(former.components)
        raise click.ClickException(f"this stack has no component {component}; it has {names}")
    pid = former.components[component].pid
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    started = time.monotonic()
    while time.monotonic() - started < _WAIT_S:
        current = _state(folder).components[component]
        if current.pid not in (0, pid) and current.is_ready:
            click.echo(f"{component} was restarted in {time.monotonic() - started:.1f} s (pid {current.pid})")
            return
        time.sleep(_POLL_S)
    raise click.ClickException(f"{component} is not ready after {_WAIT_S:.0f} s; see {folder.logs}")


def _state(folder: DataDir) -> StackState:
    state = read_state(folder.state_file)
    if state is None:
        raise click.ClickException(f"no stack is running on {folder.root}")
    return state
