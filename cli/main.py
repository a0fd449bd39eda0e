"""The `voxreel` command. Each subcommand is a module, imported when it is used."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "up": "Start everything on this machine.",
    "demo": "Run the main job against a running stack.",
    "doctor": "Say what is configured and what can work here.",
    "models": "List, verify and locate model files.",
    "restart": "Restart one process of a running stack.",
    "ledger": "Check the ledger of credits, or print one account.",
    "dlq": "List, retry or drop events that a consumer gave up.",
    "backup": "Copy an installation, also while it runs.",
    "restore": "Make an installation of a backup.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands)
def main() -> None:
    """Voxreel: a self-hosted platform for AI dubbing."""


if __name__ == "__main__":
    main()
