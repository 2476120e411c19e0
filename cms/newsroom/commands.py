"""Commands of the newsroom: rebuild, types."""

import click

from cms.newsroom.rebuilding import rebuild_documents
from cms.newsroom.typing_articles import TypesRefused, reload_types
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings
from cms.taxonomy.article_types.declaring import read_folder


@click.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Put together anew what readers see, from the published revisions; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    database = existing_database(settings, is_durable=False)
    put, withdrawn = rebuild_documents(database, system("rebuild"), now)
    database.dispose()
    click.echo(f"{put} articles are put together anew, {withdrawn} that are not published were taken away.")
    click.echo("Reading times, related articles and search follow, as after a publish.")


@click.group()
def types() -> None:
    """Article types: JSON Schema files in a folder, see COPYDESK_TYPES_HOME."""


@types.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Say whether the files of the folder can take effect, and change nothing."""
    found = read_folder(settings.types_folder)
    if found.faults:
        raise click.ClickException("\n".join(found.faults))
    click.echo(f"{settings.types_folder} holds {len(found.types)} types: {', '.join(found.types) or 'none'}.")


@types.command()
@click.pass_obj
def reload(settings: Settings) -> None:
    """Put the files of the folder in force, for every process at once; all of them or none."""
    database = existing_database(settings, is_durable=True)
    try:
        changed = reload_types(database, settings.types_folder, system("command line"), now())
    except TypesRefused as refusal:
        raise click.ClickException(f"nothing has changed:\n{refusal}") from None
    finally:
        database.dispose()
    click.echo(f"Changed: {', '.join(changed)}." if changed else "Nothing has changed.")
    click.echo("What is published keeps its fields; `copydesk rebuild` makes it filterable by what is new.")
