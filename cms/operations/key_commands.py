"""`copydesk keys`: which keys this installation has, and putting a new one in place."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cms.audit.keyring import AuditKeys
from cms.audit.recording import note
from cms.newsroom.previews.queries import count_of_links_signed_with
from cms.platform import keys as platform_keys
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.opening import existing_database
from cms.settings import Settings

BY_ENVIRONMENT = """The key is in COPYDESK_SECRET_KEY, which this command cannot change. Three steps that refuse nobody:
  1. make a key with openssl rand -hex 32, set it as COPYDESK_PREVIOUS_SECRET_KEY everywhere, and restart each part;
  2. swap the two variables everywhere, and restart each part;
  3. when no invitation (four days) and no preview link (COPYDESK_PREVIEW_LONGEST_HOURS) is older, remove
     COPYDESK_PREVIOUS_SECRET_KEY.
Or put the key into a file and name it in COPYDESK_SECRET_KEY_FILE: then this command does it all, without a restart."""


@click.group()
def keys() -> None:
    """The keys that sign codes, cursors and the audit trail."""


@keys.command(name="list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """Say where the keys are and name them; never print one."""
    try:
        found = platform_keys.existing_keys(settings)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"present   {platform_keys.name_of(found.secret)}  in {_place(settings)}")
    if found.previous is not None:
        click.echo(f"previous  {platform_keys.name_of(found.previous)}  accepted, signs nothing new")


@keys.command()
@click.option("--force", is_flag=True, help="Also within 73 hours of the last rotation, and where preview links end.")
@click.option("--without-overlap", is_flag=True, help="The present key leaked: end what it signed at once.")
@click.pass_obj
def rotate(settings: Settings, force: bool, without_overlap: bool) -> None:
    """Put a new key in place; running processes follow within a second, and the present key is still accepted."""
    if settings.secret_key:
        raise click.ClickException(BY_ENVIRONMENT)
    path = platform_keys.secret_path(settings)
    database = existing_database(settings, is_durable=True)
    try:
        made = _rotate(settings, database, path, is_forced=force, has_overlap=not without_overlap)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database does not take the note of it: {type(error).__name__}") from None
    finally:
        database.dispose()
    click.echo(
        f"The new key is {platform_keys.name_of(made.secret)}, in {path}. Running processes use it within a second."
    )
    if made.previous is None:
        click.echo("Open invitations, codes, cursors and preview links have ended.")
    else:
        click.echo("What the key before signed is accepted until the next rotation. Make a backup now.")


def _rotate(
    settings: Settings, database: Database, path: Path, *, is_forced: bool, has_overlap: bool
) -> platform_keys.Keys:
    # What the present key seals must be verifiable when it is gone.
    AuditKeys(settings.home, platform_keys.existing_keys(settings)).current()
    at = now()
    with database.transaction() as session:
        if has_overlap and not is_forced:
            _refuse_to_end_links(session, platform_keys.existing_keys(settings).previous, at)
        made = platform_keys.next_keys(path, at.timestamp(), is_forced=is_forced, has_overlap=has_overlap)
        note(
            session,
            actor=system("command line"),
            action="keys.rotated" if has_overlap else "keys.replaced",
            subject_kind="key",
            subject_id=platform_keys.name_of(made.secret),
            now=at,
        )
        session.flush()
        # Last of all: no key is changed without its note, and a commit that fails now is told to whoever rotates.
        platform_keys.write_keys(path, made)
    return made


def _refuse_to_end_links(session: Session, leaving: bytes | None, at: datetime) -> None:
    """Preview links open longer than codes. Raises: PermissionError, saying how many of them the key takes along."""
    count = 0 if leaving is None else count_of_links_signed_with(session, platform_keys.name_of(leaving), at)
    if count:
        raise PermissionError(
            f"{count} preview links that still open were signed with the key before the present one and would end; "
            "wait until they have expired, or use --force"
        )


def _place(settings: Settings) -> str:
    return "COPYDESK_SECRET_KEY" if settings.secret_key else str(platform_keys.secret_path(settings))
