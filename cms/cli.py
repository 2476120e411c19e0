"""The `copydesk` command: a group whose commands come from the entry-point group `copydesk.commands`.

Workers add theirs there, so `cms` never imports them; only the command that was called is loaded.
"""

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click

from cms.environment import SettingsError
from cms.launch import lifeline
from cms.platform.text.reading_time import rates_from
from cms.settings import Settings

GROUP = "copydesk.commands"


class Commands(click.Group):
    """Finds commands by their entry point and loads none but the one asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({point.name for point in entry_points(group=GROUP)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command, or None when there is none of that name."""
        for point in entry_points(group=GROUP, name=cmd_name):
            command = point.load()
            return command if isinstance(command, click.Command) else None
        return None


@click.command(cls=Commands)
@click.version_option(package_name="copydesk")
@click.pass_context
def main(context: click.Context) -> None:
    """Copydesk: a headless CMS for newsrooms. What we acknowledged is in the database."""
    if lifeline.VARIABLE in os.environ:
        lifeline.watch(int(os.environ.pop(lifeline.VARIABLE)))
    try:
        context.obj = Settings.from_environment(os.environ)
        rates_from(context.obj.reading_rates)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    sys.argv[0] = str(Path(sys.argv[0]).name)
    main()
