"""A whole stack for a bench: started fresh, stopped afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_READY = re.compile(r"ready: (http://\S+?:(\d+))")


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack. `ready_s` is the time from the command to the ready line."""

    url: str
    port: int
    pid: int
    ready_s: float
    data_dir: Path


@contextlib.contextmanager
def running_stack(data_dir: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """`voxreel up` on a free port, with more settings. Raises TimeoutError when it ends before it is ready."""
    command = [str(Path(sys.executable).parent / "voxreel"), "up", "--port", "0", "--data-dir", str(data_dir), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := _READY.search(line):
                ready_s = time.perf_counter() - start
                yield Stack(match[1], int(match[2]), process.pid, ready_s, data_dir)
                return
        raise TimeoutError("the stack ended before it was ready")
    finally:
        process.terminate()
        process.wait(20)
