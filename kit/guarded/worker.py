"""The code that runs inside a worker process: one tool, made at its first use, and one job at a time."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

from kit.guarded.limits import ProcessLimits
from kit.guarded.parent_watch import die_with_parent

_REPORT_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `stage` names what it does now, `fraction` is of the whole job, 0..1."""

    stage: str
    fraction: float


@dataclass(slots=True)
class _Job:
    number: int = 0
    stage: str = ""
    reported_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Outfit:
    prepare: Callable[[], Any]
    reports: Connection


_outfits: list[_Outfit] = []
_job = _Job()


def initialize(prepare: Callable[[], Any], limits: ProcessLimits, reports: Connection) -> None:
    """Prepares this process. The tool is not made here: an error in an initializer would end every worker
    the pool starts, whereas one raised by a job reaches the caller with its type.
    """
    die_with_parent()
    # The pool's own handler would run only after the current call into native code; nothing here needs an orderly
    # end.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limits.apply()
    _outfits.append(_Outfit(prepare, reports))


def make_tool(_tool: object) -> None:
    """A job that only makes the tool."""


def call(number: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Runs job `number`."""
    _job.number, _job.stage, _job.reported_at = number, "", 0.0
    return function(_tool(), *arguments)


def report(stage: str, fraction: float) -> None:
    """Tells the caller how far this job is, ten times a second at most and at each new stage.

    Does nothing outside of a worker, so that a job can be called as the function it is.
    """
    now = time.monotonic()
    is_due = stage != _job.stage or now - _job.reported_at >= _REPORT_EVERY_S
    if _outfits and is_due:
        _job.stage, _job.reported_at = stage, now
        _outfits[-1].reports.send((_job.number, Progress(stage, fraction)))


@cache
def _tool() -> Any:
    return _outfits[-1].prepare()
