"""Commands of media: verify, move."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from cms.media.both import Both
from cms.media.choosing import chosen_store
from cms.media.moving import Copied, copied, file_count, proved
from cms.media.storing import StoreAway
from cms.media.verifying import looked_at, named_files, still_named
from cms.platform.db import Database
from cms.platform.opening import existing_database
from cms.settings import Settings

TOLD_EVERY = 100
NOT_SET_UP = """Copydesk keeps new files in {now}, and nothing moves. First let every part run with

  COPYDESK_MEDIA_STORE={to}
  COPYDESK_MEDIA_STORE_BEFORE={now}

(and endpoint, region and key of a bucket). New files then go to the new store and are read from both; then run this
again."""


@click.group()
def media() -> None:
    """Pictures and other files."""


@media.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Read every file and compare it with its digest; fails where one is missing or damaged."""
    store = chosen_store(settings)
    with _opened(settings) as database:
        count, wrong = 0, []
        for named in named_files(database):
            count += 1
            state = looked_at(store, named)
            if state != "whole":
                wrong.append(Copied(named, state))
        is_wrong = _told(database, wrong)
    if is_wrong:
        files = "1 file" if count == 1 else f"{count} files"
        are, them = _number_of(is_wrong)
        raise click.ClickException(
            f"{is_wrong} of {files} {are} missing or damaged; bring {them} back from a backup of {store.name}"
        )
    click.echo(f"{count} files, each as it was.")


@media.command()
@click.option("--to", required=True, help="The new store: folder, or a bucket such as s3://bucket/prefix.")
@click.option("--keep", is_flag=True, help="Leave the files also where they are now.")
@click.pass_obj
def move(settings: Settings, to: str, keep: bool) -> None:
    """Bring all files into the store that new ones go to already, while Copydesk runs.

    Each file is copied, read back and compared with its digest, and only then removed where it was. What was ended in
    between goes on there when it is called again.
    """
    store = chosen_store(settings)
    if not isinstance(store, Both) or settings.media_store.rstrip("/") != to.rstrip("/"):
        raise click.ClickException(NOT_SET_UP.format(now=settings.media_store, to=to))
    with _opened(settings) as database:
        count = file_count(database)
        wrong = _go_through(copied(database, store), f"of {count} files are in {store.into.name}")
        _refuse_wrong(_told(database, wrong), store)
        wrong = _go_through(proved(database, store, is_kept=keep), f"of {count} files read back")
        _refuse_wrong(_told(database, wrong), store)
    left = "left in" if keep else "removed from"
    click.echo(
        f"All files are in {store.into.name}, each read back there and equal to its digest, and {left} "
        f"{store.before.name}.\nNow let every part run without COPYDESK_MEDIA_STORE_BEFORE."
    )


def _go_through(files: Iterator[Copied], what: str) -> list[Copied]:
    wrong, done = [], 0
    for one in files:
        done += 1
        if one.state in ("missing", "damaged"):
            wrong.append(one)
        if done % TOLD_EVERY == 0:
            click.echo(f"{done} {what}")
    if done % TOLD_EVERY:
        click.echo(f"{done} {what}")
    return wrong


def _refuse_wrong(is_wrong: int, both: Both) -> None:
    if is_wrong:
        are, them = _number_of(is_wrong)
        files = "file" if is_wrong == 1 else "files"
        raise click.ClickException(
            f"{is_wrong} {files} {are} missing or damaged, see above. Bring {them} back from a backup of "
            f"{both.before.name}, or delete what is named there or replace its file; then run this again"
        )


def _number_of(count: int) -> tuple[str, str]:
    """The verb and the pronoun for so many."""
    return ("is", "it") if count == 1 else ("are", "them")


def _told(database: Database, wrong: list[Copied]) -> int:
    """Name what is wrong and still named by a row; gives how many."""
    left = [one for one in wrong if still_named(database, one.named)]
    for one in left:
        click.echo(f"{one.state}: {one.named}", err=True)
    return len(left)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = existing_database(settings, is_durable=False)
    try:
        yield database
    except StoreAway as error:
        raise click.ClickException(f"{error}; see copydesk doctor. What was done is done; run this again") from None
    except OSError as error:
        raise click.ClickException(f"{error}. What was done is done; run this again") from None
    finally:
        database.dispose()
