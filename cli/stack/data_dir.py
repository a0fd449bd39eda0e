"""The folder that holds everything of one installation, and the right to use it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TOKEN_BYTES = 32
_PASSWORD_BYTES = 12


class DataDirInUseError(Exception):
    """Another stack runs on this data directory."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """Names of what is kept where. Secrets can be read by the owner only."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def state_file(self) -> Path:
        return self.run / "stack.json"

    @property
    def admin_password_file(self) -> Path:
        return self.secrets / "admin-password"

    def create(self) -> None:
        """Makes the folders that are missing."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.logs, self.nats, self.run):
            folder.mkdir(mode=0o750, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps others out until left; the lock ends with the process whatever happens. Raises DataDirInUseError."""
        with (self.run / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataDirInUseError(str(self.root)) from None
            yield

    def secret(self, name: str) -> str:
        """A random secret that is made the first time and kept."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(_TOKEN_BYTES))
        return path.read_text(encoding="utf-8").strip()

    def new_admin_password(self) -> str:
        """Makes and keeps a password for the first administrator, for the operator of this machine to read."""
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        write_private(self.admin_password_file, password)
        return password

    def admin_password(self) -> str | None:
        """The kept password of the first administrator; None when the operator chose it."""
        try:
            return self.admin_password_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once; only its owner can read it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
