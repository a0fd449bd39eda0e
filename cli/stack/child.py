"""Becomes another program that does not outlive the supervisor, even when the supervisor is killed.

Run as a file: `python -I -S child.py SUPERVISOR_PID PROGRAM ARGUMENT…`. On Linux the kernel sends the program
SIGKILL when its parent dies; the setting survives exec. Elsewhere the end of standard input has to do.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        # The supervisor died before the kernel was asked.
        raise SystemExit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
