"""What other commands can know of a running stack: `<data-dir>/run/stack.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.stack.data_dir import write_private


@dataclass(frozen=True, slots=True)
class ComponentState:
    """One process: `pid` is 0 while it is down."""

    pid: int
    address: str
    probe_port: int
    is_ready: bool
    restarts: int


@dataclass(frozen=True, slots=True)
class StackState:
    """One stack, as of its last change."""

    supervisor_pid: int
    url: str
    components: Mapping[str, ComponentState]
    # gRPC address by service; in a single process several share one component.
    services: Mapping[str, str] = field(default_factory=dict)


def write_state(path: Path, state: StackState) -> None:
    """Replaces the file."""
    write_private(path, json.dumps(asdict(state), indent=2) + "\n")


def read_state(path: Path) -> StackState | None:
    """The running stack; None when none runs."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    components = {name: ComponentState(**fields) for name, fields in stored["components"].items()}
    state = StackState(stored["supervisor_pid"], stored["url"], components, stored["services"])
    return state if is_alive(state.supervisor_pid) else None


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
