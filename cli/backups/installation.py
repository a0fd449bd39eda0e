"""Where the data of an embedded installation lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import make_url

from cli.stack.catalog import config_class, effective_config
from cli.stack.data_dir import DataDir
from cli.stack.names import SERVICES
from kit.config import ServiceConfig
from services.files.config import FilesConfig

_SIGNING_KEY = Path("auth") / "signing_key.pem"


class NotEmbeddedError(Exception):
    """Some of the data lies where only its own tools can copy it. The text is for the operator."""


@dataclass(frozen=True, slots=True)
class Installation:
    """`databases` by service; `blobs` may not exist yet."""

    data_dir: DataDir
    databases: Mapping[str, Path]
    blobs: Path

    def secrets(self) -> Iterator[Path]:
        """What was drawn for this installation, relative to its folder; files of settings are made anew."""
        root = self.data_dir.root
        drawn = [path for path in sorted(self.data_dir.secrets.glob("[!.]*")) if not path.suffix]
        return (path.relative_to(root) for path in (root / _SIGNING_KEY, *drawn) if path.is_file())


def find_installation(data_dir: Path) -> Installation:
    """What the settings of the environment and the folder name. Raises ConfigError and NotEmbeddedError."""
    databases = {service: _sqlite_path(service, data_dir) for service in SERVICES}
    blobs = urlsplit(effective_config(FilesConfig, data_dir).blobs_url)
    if blobs.scheme != "file":
        raise NotEmbeddedError("file contents lie in a bucket: use its own versions and copies")
    missing = [service for service, path in databases.items() if not path.is_file()]
    if missing:
        raise NotEmbeddedError(f"there is no database of {', '.join(missing)} here")
    return Installation(DataDir(data_dir), databases, Path(unquote(blobs.path)))


def _sqlite_path(service: str, data_dir: Path) -> Path:
    config = effective_config(config_class(service), data_dir)
    assert isinstance(config, ServiceConfig), "every service has a database"
    url = make_url(config.db.url.get_secret_value())
    if url.get_backend_name() != "sqlite" or not url.database:
        raise NotEmbeddedError(f"the database of {service} is on a server: use pg_dump, see the runbook")
    return Path(url.database)
