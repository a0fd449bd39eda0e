"""Seconds from `voxreel up` to ready, and the memory of the whole stack, in both modes.

    python -m bench.startup [--rounds 3]

Memory is the proportional set size (PSS) of every process of the stack, NATS and speech workers included,
when nothing has been asked yet and after one synthesis would have loaded the model it says so.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import psutil

from bench.stack import running_stack

MODES = {"a process per service": (), "one process": ("--single-process",)}


def memory_by_process(pid: int) -> dict[str, float]:
    """MB of proportional set size per process, by a readable name."""
    root = psutil.Process(pid)
    found: dict[str, float] = {}
    for process in (root, *root.children(recursive=True)):
        name = " ".join(part for part in process.cmdline()[1:4] if not part.startswith("-"))[:40]
        found[f"{process.pid} {Path(process.cmdline()[0]).name} {name}"] = process.memory_full_info().pss / 1e6
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("| | ready after, s | memory, MB PSS | processes |")
    print("| --- | ---: | ---: | ---: |")
    for mode, options in MODES.items():
        ready, memory, count = [], [], 0
        for _ in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "data", *options) as stack:
                ready.append(stack.ready_s)
                processes = memory_by_process(stack.pid)
                memory.append(sum(processes.values()))
                count = len(processes)
        print(f"| {mode} | {statistics.median(ready):.1f} | {statistics.median(memory):.0f} | {count} |")


if __name__ == "__main__":
    main()
