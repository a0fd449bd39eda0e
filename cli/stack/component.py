"""What a supervisor needs to know of one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """An HTTP GET on this machine that answers 200 when all is well."""

    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Component:
    """One process. `address` is what others reach it by, shown to the operator.

    starts_after: components that must be ready before this one is started.
    drains_after: components that must have ended before this one is asked to.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    address: str
    probe: Probe
    starts_after: tuple[str, ...] = ()
    drains_after: tuple[str, ...] = ()
