"""`copydesk reader`: the reader's page, an app of its own that knows nothing of Copydesk but its public addresses.

It lies with the examples and is there where the whole repository is; an installed package goes without it.
"""

import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from cms.launch.claiming import Refused, check_port
from cms.settings import Settings

APP = Path(__file__).parents[2] / "examples" / "reader"


@click.command()
@click.pass_obj
def reader(settings: Settings) -> None:
    """Serve the reader's page, a news site built only from the APIs."""
    if not APP.is_dir():
        raise click.ClickException("the reader's page is in the repository, in examples/reader, and not installed here")
    sys.argv = [
        str(APP), "--api", settings.local_url, "--public-api", settings.public_url, "--name", settings.site_name,
        "--host", settings.host, "--port", str(settings.reader_page_port),
    ]  # fmt: skip
    runpy.run_path(str(APP), run_name="__main__")


@dataclass(frozen=True)
class Beside:
    """Whether the page is started beside the product; if not, why, in a few words."""

    is_started: bool
    why_not: str = ""


def beside(settings: Settings, is_wanted: bool) -> Beside:
    """Whether `copydesk up` starts the page. A port that nobody chose and that is taken stops nothing else.

    Raises: Refused, when the port that was chosen is taken.
    """
    if not is_wanted or not settings.is_development or not APP.is_dir():
        return Beside(False)
    try:
        check_port(settings.host, settings.reader_page_port, "COPYDESK_READER_PORT")
    except Refused as error:
        if settings.reader_port:
            raise
        return Beside(False, str(error))
    return Beside(True)


def addresses(settings: Settings) -> dict[str, str]:
    """Where documents and letters lead when the page is there and nobody said otherwise. Shape: variables."""
    pages = {
        "article_page_url": "/{locale}/articles/{slug}",
        "preview_page_url": "/preview/{id}#{token}",
        "code_page_url": "/code",
    }
    return {
        f"COPYDESK_{name.upper()}": settings.reader_url + path
        for name, path in pages.items()
        if not getattr(settings, name)
    }
