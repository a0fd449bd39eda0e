"""What a worker process may use. Meant for the code of others that reads files of strangers."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from dataclasses import dataclass

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Bounds for the life of one process; None: not bounded.

    address_space_bytes counts reserved memory, too: runtimes of models that reserve large arenas cannot work under
    it. file_bytes is the largest file it can write. niceness lowers its priority at the processors, 0..19. is_offline
    cuts it from every network where the kernel lets an unprivileged process do so; elsewhere it stays a matter of what
    the job opens.
    """

    address_space_bytes: int | None = None
    file_bytes: int | None = None
    is_offline: bool = False
    niceness: int = 0

    def apply(self) -> None:
        """Takes the rights from this process, for good."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold somebody's media
        if self.address_space_bytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (self.address_space_bytes, self.address_space_bytes))
        if self.file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_bytes, self.file_bytes))
        os.nice(self.niceness)
        if self.is_offline:
            _leave_networks()


def _leave_networks() -> None:
    """Moves into a network namespace without interfaces. The kernel may refuse it: then nothing changes."""
    if sys.platform == "linux":
        own_right = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
        ctypes.CDLL(None, use_errno=True).unshare(own_right)
