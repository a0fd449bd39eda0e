"""A tiny component for tests of the supervisor: `python stand_in.py PROBE_PORT STORY_FILE NAME [BEHAVIOUR]`.

Answers its probe and ends on SIGTERM, noting both. Behaviours: `stubborn` ignores SIGTERM, `refuses` its settings,
`crashes` at start until it has been started three times.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType


def main() -> None:
    port, story, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    behaviour = sys.argv[4] if len(sys.argv) > 4 else ""

    def note(text: str) -> None:
        with story.open("a") as file:
            file.write(f"{name} {text} {os.getpid()}\n")

    def end(_number: int, _frame: FrameType | None) -> None:
        note("ended")
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "stubborn" else end)
    note("started")
    if behaviour == "refuses":
        sys.stderr.write("VOXREEL_X is not a setting\n")
        raise SystemExit(2)
    if behaviour == "crashes" and story.read_text().count(f"{name} started") < 3:
        raise SystemExit(1)
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


if __name__ == "__main__":
    main()
