"""Choosing ports on this machine."""

from __future__ import annotations

import random
import socket

# Below the range the kernel takes for outgoing connections, so that a port stays free while its owner restarts.
_FIRST, _LAST = 20_000, 32_000
_ATTEMPTS = 500


class NoFreePortError(Exception):
    """Every port that was tried is taken."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises OSError when `host` is no address of this machine."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except (PermissionError, OSError):
            return False
    return True


class PortChooser:
    """Hands out ports of one host, each once."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._taken: set[int] = set()
        self._random = random.SystemRandom()

    def take(self, wanted: int) -> int:
        """The wanted port if it is free, else any free one; 0 wants none in particular."""
        if wanted and wanted <= 65535 and wanted not in self._taken and is_free(self._host, wanted):
            self._taken.add(wanted)
            return wanted
        return self.take_any()

    def take_any(self) -> int:
        """A free port. Raises NoFreePortError."""
        for _ in range(_ATTEMPTS):
            port = self._random.randrange(_FIRST, _LAST)
            if port not in self._taken and is_free(self._host, port):
                self._taken.add(port)
                return port
        raise NoFreePortError(self._host)
