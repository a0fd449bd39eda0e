"""`voxreel models`: the files of the offline engines."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import data_dir_option
from cli.speech_settings import model_store, operator_files
from kit.config import ConfigError
from kit.models import ModelError, ModelStore


@click.group("models")
def command() -> None:
    """List, verify and locate model files."""


@command.command("list")
@data_dir_option
def list_models(data_dir: Path) -> None:
    """Say of each model file whether it is there; of your own models for sherpa-onnx what they are, with SHA-256."""
    store = _store(data_dir)
    for name in store.names():
        click.echo(f"{name:40}{store.problem(name) or 'installed'}")
    for model, digests in operator_files(data_dir.absolute()):
        for name, digest in digests.items():
            click.echo(f"{f'{model.name}/{name}':40}your {model.kind} model, sha256 {digest}")


@command.command("verify")
@data_dir_option
def verify(data_dir: Path) -> None:
    """Read every model file, assemble what is in parts, and compare it with its SHA-256."""
    store = _store(data_dir)
    failures = 0
    for name in store.names():
        try:
            store.ensure(name)
            click.echo(f"{name:40}ok")
        except ModelError as error:
            failures += 1
            click.echo(f"{name:40}{type(error).__name__}: {error}")
    if failures:
        raise click.ClickException(f"{failures} model files cannot be used")


@command.command("where")
@click.argument("name")
@data_dir_option
def where(name: str, data_dir: Path) -> None:
    """Print the path of a verified model file."""
    try:
        click.echo(_store(data_dir).ensure(name))
    except ModelError as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from None


def _store(data_dir: Path) -> ModelStore:
    try:
        return model_store(data_dir.absolute())
    except (ConfigError, ModelError) as error:
        raise click.ClickException(str(error)) from None
