"""Commands of media: verify."""

import click

from cms.media.choosing import chosen_store
from cms.media.storing import StoreAway
from cms.media.verifying import looked_through
from cms.platform.opening import existing_database
from cms.settings import Settings


@click.group()
def media() -> None:
    """Pictures and other files."""


@media.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Read every file and compare it with its digest; fails where one is missing or damaged."""
    database = existing_database(settings, is_durable=False)
    store = chosen_store(settings)
    wrong = count = 0
    try:
        for one in looked_through(database, store):
            count += 1
            if one.state != "whole":
                wrong += 1
                click.echo(f"{one.state}: {one.area}/{one.sha256[:2]}/{one.sha256} of asset {one.asset_id}", err=True)
    except StoreAway as error:
        raise click.ClickException(f"{error}; see copydesk doctor") from None
    finally:
        database.dispose()
    if wrong:
        raise click.ClickException(
            f"{wrong} of {count} files are missing or damaged; bring them back from a backup of {store.name}"
        )
    click.echo(f"{count} files, each as it was.")
