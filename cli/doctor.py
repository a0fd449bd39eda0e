"""`voxreel doctor`: what is configured, what can work here, and what keeps the rest from working."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.findings import Level, examine
from cli.options import data_dir_option
from cli.stack.data_dir import DataDir


@click.command("doctor")
@data_dir_option
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the REST API.")
def command(data_dir: Path, port: int) -> None:
    """Say what is configured and what can work here; exit status 1 when the main job cannot."""
    is_broken = False
    for finding in examine(DataDir(data_dir.absolute()), port=port, environ=os.environ):
        is_broken = is_broken or finding.level is Level.BROKEN
        click.echo(f"{finding.level:8}{finding.subject:26}{finding.text}")
    if is_broken:
        raise click.ClickException("text to speech cannot work here; see the lines marked broken")
