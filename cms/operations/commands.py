"""Commands for operators: backup, restore, doctor."""

from pathlib import Path

import click

from cms.media.choosing import chosen_store
from cms.operations.backed_files import BackedFiles, parts_of
from cms.operations.backup import BackupError, Files, verify
from cms.operations.backup import backup as make_backup
from cms.operations.backup import restore as restore_backup
from cms.operations.doctor import examine
from cms.platform.clock import now
from cms.settings import Settings

TOKENS_ENDED = "Services need new tokens: copydesk token issue."
TOKENS_KEPT = (
    "WARNING: tokens that were revoked or rotated after the backup work again as they did then: see copydesk token "
    "list, and end them with copydesk token revoke ID."
)
MISSING = "bring them back from where they were kept, and look with copydesk media verify."
MOST_NAMED = 10
ACCOUNTS = (
    "WARNING: accounts, roles and passwords are those of the backup. Whoever was disabled or demoted since is not: see "
    "GET /api/v1/staff."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--files",
    type=click.Choice(["auto", "all", "none"]),
    default="auto",
    help="Whether pictures and other files go into it; auto: those of the folder, and not those of a bucket.",
)
@click.pass_obj
def backup(settings: Settings, file: Path, files: Files) -> None:
    """Write database, keys and files into FILE, consistent while writes go on. Keep it as safe as the database."""
    try:
        made = make_backup(settings, file, now(), files)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.path}  {made.size_bytes} bytes  sha256 {made.digest}")
    click.echo(_told(made.files))
    for wrong in made.files.wrong:
        click.echo(f"WARNING: not in the backup, {wrong}", err=True)


def _told(files: BackedFiles) -> str:
    if files.are_kept:
        return f"With {files.count} files of {files.byte_count} bytes from {files.store}."
    if not files.count:
        return "No files belong to it."
    return f"Without the {files.count} files that belong to it. They stay in {files.store}; keep them there."


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--verify", "only_verify", is_flag=True, help="Check every digest and change nothing.")
@click.option("--keep-tokens", is_flag=True, help="Leave API tokens alone, also those that were revoked since.")
@click.pass_obj
def restore(settings: Settings, file: Path, only_verify: bool, keep_tokens: bool) -> None:
    """Put a backup into an empty COPYDESK_HOME or database. Stop Copydesk first; the search index grows back.

    Sessions, open codes, API tokens and preview links are ended, since a backup does not know which of them were ended
    later.
    """
    try:
        if only_verify:
            manifest = verify(file)
            click.echo(f"The backup of {manifest['made_at']} ({manifest['database']}) is whole.")
            click.echo(_told(parts_of(manifest)))
            return
        done = restore_backup(settings, file, now(), keep_tokens=keep_tokens)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    made = f"{done.manifest['made_at']} ({done.manifest['database']})"
    click.echo(f"The backup of {made} is restored; start Copydesk and the search index grows back.")
    click.echo(
        f"Ended: {done.ended.sessions} sessions, {done.ended.tokens} tokens, {done.ended.codes} open codes and "
        f"invitations, {done.ended.previews} preview links."
    )
    if done.missing:
        files = "1 file is" if len(done.missing) == 1 else f"{len(done.missing)} files are"
        click.echo(f"WARNING: {files} not in {chosen_store(settings).name}; {MISSING}", err=True)
    for one in done.missing[:MOST_NAMED]:
        click.echo(f"missing: {one}", err=True)
    click.echo(TOKENS_KEPT if keep_tokens else TOKENS_ENDED)
    click.echo(ACCOUNTS)


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Say what is wrong with this installation and how to mend it; the exit status is 1 when something is."""
    findings = examine(settings, now())
    for finding in findings:
        click.echo(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.part}: {finding.detail}")
        if not finding.is_well:
            click.echo(f"       → {finding.mend}")
    if not all(finding.is_well for finding in findings):
        click.get_current_context().exit(1)
