"""Worker processes must not outlive the process that started them, however it ended."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ends this spawned process when its parent is gone, even after SIGKILL.

    Two mechanisms: the kernel's parent-death signal where it exists, and everywhere a thread that waits for
    the parent's end, which also covers a parent that died before the signal was armed. The kernel ties the
    signal to the *thread* that started this process, so the pool starts its workers from a thread that lives
    as long as it does.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("die_with_parent must be called in a child of the multiprocessing module")
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_exit_after, args=(parent.sentinel,), name="parent-watch", daemon=True).start()


def _exit_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # nobody is left to read a result or to run clean-up for
