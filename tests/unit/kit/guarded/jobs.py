"""Jobs for the tests of guarded workers; a module of its own, since workers import what they run."""

import os
import socket
from pathlib import Path

from kit.guarded.worker import report


class Counter:
    """A tool that knows how often it was used."""

    def __init__(self) -> None:
        self.uses = 0


class Promised(Exception):
    """What these jobs may raise on purpose."""


def use(counter: Counter) -> tuple[int, int]:
    counter.uses += 1
    return os.getpid(), counter.uses


def refuse(_counter: Counter, why: str) -> None:
    raise Promised(why)


def stumble(_counter: Counter) -> None:
    raise ValueError("private")


def die(_counter: Counter) -> None:
    os._exit(7)


def tell(_counter: Counter, stages: tuple[str, ...]) -> None:
    for number, stage in enumerate(stages, start=1):
        report(stage, number / len(stages))


def tell_and_hang(_counter: Counter, stage: str, fifo: Path) -> None:
    report(stage, 0.5)
    fifo.read_bytes()


def write_for_ever(_counter: Counter, path: Path) -> None:
    report(str(os.getpid()), 0.0)
    while True:
        path.write_bytes(b"\0")


def take_memory(_counter: Counter, size: int) -> int:
    return len(bytearray(size))


def write_file(_counter: Counter, path: Path, size: int) -> int:
    return path.write_bytes(b"\0" * size)


def connect(_counter: Counter, port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
