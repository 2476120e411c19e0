"""Every table of the product in one metadata, for Alembic to compare with a database."""

from sqlalchemy import MetaData

from cms.audit import models as audit
from cms.content import models as content
from cms.content.changes import models as changes
from cms.content.embargo import models as embargo
from cms.content.front_lists import models as front_lists
from cms.content.redirects import models as redirects
from cms.content.related import models as related
from cms.events import models as events
from cms.identity import models as identity
from cms.identity.staff import models as staff
from cms.mail import models as mail
from cms.media import models as media
from cms.media.replacements import models as replacements
from cms.newsroom import models as newsroom
from cms.newsroom.leases import models as leases
from cms.newsroom.previews import models as previews
from cms.newsroom.releases import models as releases
from cms.newsroom.schedules import models as schedules
from cms.platform import models as platform
from cms.platform.db import Table
from cms.readers import models as readers
from cms.readers.bookmarks import models as bookmarks
from cms.readers.comments import models as comments
from cms.readers.follows import models as follows
from cms.readers.sharing import models as sharing
from cms.taxonomy import models as taxonomy
from cms.taxonomy.article_types import models as article_types

WINGS = (
    article_types, audit, bookmarks, changes, comments, content, embargo, events, follows, front_lists, identity,
    leases, mail, media, newsroom, platform, previews, readers, redirects, related, releases, replacements, schedules,
    sharing, staff, taxonomy,
)  # fmt: skip


def metadata() -> MetaData:
    """The metadata with the tables of every wing."""
    return Table.metadata
