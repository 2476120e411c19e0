"""Pages of the installation that its operator has closed."""

from cms.platform.errors import NotFound
from cms.platform.http.services import services


def refuse_closed(page: str) -> None:
    """Answer as where nothing is. Raises: NotFound when the settings close a page."""
    if page in services().settings.closed_pages:
        raise NotFound("There is nothing at this address.")
