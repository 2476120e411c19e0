"""Commands for operators: backup, restore, doctor."""

from pathlib import Path

import click

from cms.operations.backup import BackupError, verify
from cms.operations.backup import backup as make_backup
from cms.operations.backup import restore as restore_backup
from cms.operations.doctor import examine
from cms.platform.clock import now
from cms.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(settings: Settings, file: Path) -> None:
    """Write database and keys into FILE, consistent while writes go on. Keep it as safe as the database."""
    try:
        made = make_backup(settings, file, now())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.path}  {made.size_bytes} bytes  sha256 {made.digest}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--verify", "only_verify", is_flag=True, help="Check every digest and change nothing.")
@click.pass_obj
def restore(settings: Settings, file: Path, only_verify: bool) -> None:
    """Put a backup into an empty COPYDESK_HOME or database. Stop Copydesk first; the search index grows back."""
    try:
        manifest = verify(file) if only_verify else restore_backup(settings, file)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    done = "is whole" if only_verify else "is restored; start Copydesk and the search index grows back"
    click.echo(f"The backup of {manifest['made_at']} ({manifest['database']}) {done}.")


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
