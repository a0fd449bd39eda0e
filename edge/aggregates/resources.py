"""Use of the machine. Reads the system, so it belongs into a thread."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from edge.platform_api.models.system import ResourcesOut

_GIB = 1024**3
# The processor's use is a difference between two looks at its counters.
_CPU_WINDOW_S = 0.1


def read_resources(folder: str) -> ResourcesOut:
    """Processor, memory, and the disk that holds the folder (the root when it is empty). Takes about 0.1 s."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(folder or "/")
    return {
        "cpu_usage": f"{psutil.cpu_percent(interval=_CPU_WINDOW_S):.1f}%",
        "memory_usage": f"{memory.percent:.1f}%",
        "available_memory": f"{memory.available / _GIB:.2f}GB",
        "total_memory": f"{memory.total / _GIB:.2f}GB",
        "disk_usage": f"{disk.percent:.1f}%",
        "available_disk": f"{disk.free / _GIB:.2f}GB",
        "total_disk": f"{disk.total / _GIB:.2f}GB",
    }


def storage_state(folder: str) -> tuple[bool, bool]:
    """Whether the folder is there, and whether files can be made in it."""
    return Path(folder).is_dir(), os.access(folder, os.W_OK | os.X_OK)
