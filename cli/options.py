"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="VOXREEL_DATA_DIR",
    show_default=True,
    help="Folder that holds everything of the installation.",
)
