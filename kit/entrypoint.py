"""`python -m services.<name> serve | worker | migrate | check-config`, the same for every service.

A service's `__main__.py`:

    if __name__ == "__main__":
        raise SystemExit(main("billing", BillingConfig, build, Path(__file__).parent / "migrations"))
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from kit.app import Build, Role
from kit.config import ConfigError, ProcessConfig, ServiceConfig, load, masked
from kit.process import AppSpec, run_apps

C = TypeVar("C", bound=ProcessConfig)

_EXIT_CONFIG = 2


def main(
    service: str,
    config_class: type[C],
    build: Build[C],
    migrations: Path | None = None,
    *,
    arguments: Sequence[str] | None = None,
) -> int:
    """Runs one command and answers the exit status: 0 done, 1 failed, 2 unusable settings or arguments.

    `migrations` is the alembic folder; None for a process without a database, which then only serves.
    """
    command = _command(service, arguments, has_database=migrations is not None)
    try:
        config = load(config_class)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_CONFIG
    if command == "check-config":
        sys.stdout.write(json.dumps(masked(config), indent=2, ensure_ascii=False) + "\n")
        return 0
    if command == "migrate":
        return _migrate(config, migrations)
    return run_apps([AppSpec(service, config, build, migrations, Role(command))])


def _command(service: str, arguments: Sequence[str] | None, *, has_database: bool) -> str:
    commands = {"serve": "answer requests (the default)", "check-config": "print the settings, secrets masked"}
    if has_database:
        commands["worker"] = "do background work only"
        commands["migrate"] = "bring the database schema up to date"
    parser = argparse.ArgumentParser(
        prog=service,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="\n".join(f"{name:13} {text}" for name, text in commands.items()),
    )
    parser.add_argument("command", nargs="?", choices=list(commands), default="serve")
    command: str = parser.parse_args(arguments).command
    return command


def _migrate(config: ProcessConfig, migrations: Path | None) -> int:
    from kit.db.migrate import upgrade

    if migrations is None or not isinstance(config, ServiceConfig):
        return _EXIT_CONFIG
    upgrade(config.db.url.get_secret_value(), migrations)
    return 0
