"""`copydesk alive`: the probe of relay and workers, for health checks. It asks neither database nor broker."""

import click

from cms.platform.alive import NAME, is_alive
from cms.platform.clock import now
from cms.settings import Settings


@click.command()
@click.argument("name")
@click.pass_obj
def alive(settings: Settings, name: str) -> None:
    """Whether NAME on this host still goes round its loop: relay, or worker-QUEUES such as worker-derive."""
    if not NAME.fullmatch(name):
        raise click.BadParameter("say relay, or worker- and its queues, such as worker-derive,mail", param_hint="NAME")
    if not is_alive(settings.home, name, now()):
        raise click.ClickException(f"{name} has given no sign of life lately")
    click.echo(f"{name} is alive")
