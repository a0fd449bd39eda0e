"""Choosing ports on this machine."""

from __future__ import annotations

import random
import socket
import sys
from contextlib import suppress
from types import TracebackType

# Below the range the kernel takes for outgoing connections, so that a port stays free while its owner restarts.
_FIRST, _LAST = 20_000, 32_000
_ATTEMPTS = 500
_HIGHEST = 65_535
# Elsewhere a port that is bound cannot be bound once more by the process it is kept for.
_CAN_BE_HELD = sys.platform == "linux"


class NoFreePortError(Exception):
    """Every port that was tried is taken."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises OSError when `host` is no address of this machine."""
    with _socket_of(host) as probe:
        _share(probe)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, OverflowError):
            return False
    return True


class ReservedPorts:
    """Ports for processes that start later and may start again. Use as a context manager.

    On Linux each port is held until `close` by a socket that is bound and does not listen: a server with
    SO_REUSEADDR can listen there, and whoever looks for any free port does not find it.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._held: list[socket.socket] = []
        self._random = random.SystemRandom()

    def take(self, host: str, wanted: int) -> int:
        """The wanted port if it is free, else any free one; 0 wants none in particular. Raises NoFreePortError."""
        return wanted if self.claim(host, wanted) else self._take_any(host)

    def claim(self, host: str, port: int) -> bool:
        """Whether the port was free, here and on the machine, and is reserved now."""
        if not 0 < port <= _HIGHEST or port in self._taken or not is_free(host, port):
            return False
        self.keep(host, port)
        return True

    def keep(self, host: str, port: int) -> None:
        """Reserves a port that somebody chose, whether or not it is free."""
        self._taken.add(port)
        holder = _socket_of(host)
        _share(holder)
        with suppress(OSError, OverflowError):
            holder.bind((host, port))
        self._hold(holder)

    def close(self) -> None:
        """Lets go of all of them."""
        for holder in self._held:
            holder.close()
        self._held.clear()

    def __enter__(self) -> ReservedPorts:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_any(self, host: str) -> int:
        for _ in range(_ATTEMPTS):
            port = self._random.randrange(_FIRST, _LAST)
            if port not in self._taken and self._is_taken_alone(host, port):
                self._taken.add(port)
                return port
        raise NoFreePortError(host)

    def _is_taken_alone(self, host: str, port: int) -> bool:
        holder = _socket_of(host)
        try:
            holder.bind((host, port))
        except OSError:
            holder.close()
            return False
        # Only now, so that of two who want the port one gets it.
        _share(holder)
        self._hold(holder)
        return True

    def _hold(self, holder: socket.socket) -> None:
        if _CAN_BE_HELD:
            self._held.append(holder)
        else:
            holder.close()


def _socket_of(host: str) -> socket.socket:
    family, kind, protocol, _name, _address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    return socket.socket(family, kind, protocol)


def _share(server: socket.socket) -> None:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
