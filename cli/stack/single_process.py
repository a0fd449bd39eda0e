"""All apps in one process and one event loop, over the same contracts: `python -m cli.stack.single_process`."""

from __future__ import annotations

import sys

from cli.stack.catalog import app_spec, config_class
from cli.stack.keeper import EXIT_UNUSABLE_SETTINGS
from cli.stack.names import APPS
from kit.config import ConfigError, load
from kit.process import run_apps


def main() -> int:
    """Runs until SIGTERM; answers the exit status."""
    try:
        configs = {app: load(config_class(app)) for app in APPS}
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_UNUSABLE_SETTINGS
    return run_apps([app_spec(app, config) for app, config in configs.items()])


if __name__ == "__main__":
    raise SystemExit(main())
