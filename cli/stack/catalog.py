"""Every app of the platform, imported only when asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from cli.stack.names import module_of
from kit.config import ProcessConfig, load
from kit.process import AppSpec

C = TypeVar("C", bound=ProcessConfig)

# A token is never needed to look at settings.
_UNUSED = "no token is needed"


def config_class(app: str) -> type[ProcessConfig]:
    """The settings class of an app."""
    module = import_module(f"{module_of(app)}.config")
    found: type[ProcessConfig] = getattr(module, f"{app.capitalize()}Config")
    return found


def effective_config(wanted: type[C], data_dir: Path) -> C:
    """An app's settings as `voxreel up` would give them, but for addresses and tokens. Raises ConfigError."""
    config = load(wanted, service_token=SecretStr(_UNUSED))
    is_folder_given = "data_dir" in config.model_fields_set
    return config if is_folder_given else load(wanted, service_token=SecretStr(_UNUSED), data_dir=data_dir)


def app_spec(app: str, config: ProcessConfig) -> AppSpec[Any]:
    """What an app is made from."""
    module = import_module(f"{module_of(app)}.app")
    migrations = Path(module.__file__ or "").parent / "migrations"
    return AppSpec(app, config, module.build, migrations if migrations.is_dir() else None)
