"""What all requests share."""

from __future__ import annotations

from dataclasses import dataclass

from edge.aggregates.status import PlatformStatus
from edge.clients import Clients
from edge.display import DisplayTimes
from edge.progress.feed import TaskFeed
from kit.blobs.store import BlobStore
from kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Shared:
    """Made once at start."""

    clients: Clients
    times: DisplayTimes
    blobs: BlobStore
    blobs_url: str
    public_base_url: str
    status: PlatformStatus
    clock: Clock
    feed: TaskFeed
