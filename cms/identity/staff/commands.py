"""`copydesk staff`: the first administrator, made where the operator has the database already; no default password."""

import click

from cms.identity.addresses import AddressError, canonical_address
from cms.identity.passwords import HASHER, normal_password, password_problem
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given, Invitation
from cms.mail.queueing import domain_of
from cms.platform.actor import system
from cms.platform.clock import now, rfc3339
from cms.platform.errors import Problem
from cms.platform.opening import existing_database
from cms.settings import Settings

OPERATOR = system("command line")


class AddressType(click.ParamType):
    """An e-mail address, read into its canonical spelling."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The one spelling, or a usage error."""
        try:
            return canonical_address(value)
        except AddressError as error:
            self.fail(str(error), param, ctx)


@click.group()
def staff() -> None:
    """Colleagues."""


@staff.command()
@click.option("--email", type=AddressType(), required=True, help="Where the code goes.")
@click.option("--name", required=True, help="What the colleague is called.")
@click.option("--role", required=True, help="A role, built in or custom; it holds everywhere.")
@click.option("--locale", default="en", show_default=True, help="The language of letters.")
@click.pass_obj
def invite(settings: Settings, email: str, name: str, role: str, locale: str) -> None:
    """Send an invitation; the colleague chooses the password."""
    database = existing_database(settings, is_durable=True)
    try:
        with database.transaction() as session:
            command = Invitation(email, name, locale, (Given(role),))
            invitation = staffing.invite(
                session, OPERATOR, command, sender_domain=domain_of(settings.mail_from), now=now()
            )
    except Problem as problem:
        raise click.ClickException(_said(problem)) from None
    finally:
        database.dispose()
    click.echo(f"A code goes to {email}; it works until {rfc3339(invitation.expires_at)}. The invitation's number:")
    click.echo(invitation.id)


@staff.command()
@click.option("--email", type=AddressType(), required=True, help="By which the colleague signs in.")
@click.option("--name", required=True, help="What the colleague is called.")
@click.option("--role", required=True, help="A role, built in or custom; it holds everywhere.")
@click.option("--locale", default="en", show_default=True, help="The language of letters.")
@click.password_option(help="Asked for without echo; give it here only where nobody sees the process list.")
@click.pass_obj
def create(settings: Settings, email: str, name: str, role: str, locale: str, password: str) -> None:
    """Make an account at once, for where no mail is sent yet."""
    password = normal_password(password)
    problem = password_problem(password, (settings.site_name, name, *email.split("@")), "password")
    if problem is not None:
        raise click.ClickException(problem.detail)
    password_hash = HASHER.hash(password)
    database = existing_database(settings, is_durable=True)
    try:
        with database.transaction() as session:
            staffing.refuse_beyond(session, OPERATOR, [Given(role)])
            user = staffing.create(
                session, OPERATOR, email=email, name=name, locale=locale, grants=[Given(role)],
                password_hash=password_hash, network="", now=now(),
            )  # fmt: skip
    except Problem as refusal:
        raise click.ClickException(_said(refusal)) from None
    finally:
        database.dispose()
    click.echo(f"{email} can sign in now, as {role}. The account's number:")
    click.echo(user.id)


def _said(problem: Problem) -> str:
    return problem.errors[0].detail if problem.errors else problem.detail
