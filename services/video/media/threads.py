"""How many threads decode or encode one video."""

from __future__ import annotations

import os

_MOST = 8


def codec_threads() -> int:
    """As many as there are cores this process may use: with the half more that x264 takes by itself two cores keyed 7 %
    fewer pictures a second. At most eight, since each holds pictures of its own and a container that may use two cores
    sees all of its node's."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST)
