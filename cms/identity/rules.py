"""Who may do what and where: permissions, roles, the decision. What a token is. Plain Python.

A grant holds in a section with everything below it and in one language, or everywhere. Permissions over articles and
their comments ask where the article is, those over sections where the section is, and the one over front lists where
the list belongs. Tags, people and sources are shared by every desk: to change one takes a grant without limits, while a
new one, as articles make it too, takes nothing from anybody. Assets are shared as well: whoever sent one changes it,
and anybody else needs a grant without limits. What concerns the whole site (operations, audit, tokens,
roles) is only ever given by a grant that holds everywhere.
"""

import hashlib
import ipaddress
import re
import secrets
import string
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from cms.platform.actor import Grant

PREFIX = "cpd_pat_"
SESSION_PREFIX = "cpd_ses_"
READER_PREFIX = "cpd_rdr_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS = 30
CHECK_CHARACTERS = 6
DEFAULT_DAYS = 90
MOST_DAYS = 365
MOST_OVERLAP_MINUTES = 7 * 24 * 60
MOST_NETWORKS = 50
LONGEST_TOKEN_NAME = 120
LONGEST_ROLE_NAME = 40
LONGEST_DESCRIPTION = 300
ROLE_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)

PERMISSIONS: dict[str, str] = {
    "articles:read": "Read drafts, published articles, their revisions and receipts.",
    "articles:write": "Make articles; edit those that one made oneself, and show them to others by preview links.",
    "articles:write_any": "Edit and show what others made; needs `articles:write` too.",
    "articles:approve": "Approve and reject what was submitted, and edit it without sending it back.",
    "articles:publish": "Publish, schedule, correct, unpublish and archive, with or without an approval before.",
    "articles:takedown": "Take articles down, and publish again what was taken down.",
    "articles:delete": "Put articles into the trash and take them out.",
    "lists:write": "Pin, order and time the front lists that belong to one's place, those of the site without a limit; "
    "pin, order and ban in the related lists of articles there.",
    "comments:moderate": "See what readers say on published articles in one's place, let it be seen or not, and say "
    "how comments come in; without a limit to a section or language, ban readers.",
    "embargo:read": "Read articles under embargo through the content API before everybody else.",
    "taxonomy:read": "Read sections, tags, people and sources, in every section.",
    "taxonomy:write": "Add tags, people and sources; add, change and delete sections in one's place; and, without a "
    "limit to a section or language, change, merge and delete tags, people and sources.",
    "assets:read": "See pictures and other files, what is known of them, and where they are used.",
    "assets:write": "Send files, change what is known of those that one sent oneself, and delete them.",
    "assets:write_any": "Change, replace and delete files that others sent, without a limit to a section or language; "
    "needs `assets:write` too.",
    "redirects:read": "See which paths of the site redirect.",
    "redirects:write": "Add and remove redirects.",
    "search:read": "See which words mean the same to a search, and what readers search for.",
    "search:write": "Add, change and remove words that mean the same to a search.",
    "operations:read": "See deliveries and dead letters.",
    "operations:write": "Retry and discard dead letters.",
    "mail:read": "See which letters went to an address, what became of them, and which addresses are held back.",
    "mail:write": "Report letters that were returned, and let letters go again to an address that bounced.",
    "audit:read": "Read the audit trail.",
    "tokens:read": "See which API tokens exist; never the tokens themselves.",
    "tokens:write": "Issue, rotate and revoke API tokens that may do no more than oneself.",
    "roles:read": "See which roles exist and what they may do.",
    "roles:write": "Make, change and delete custom roles that may do no more than oneself.",
    "staff:read": "See who the colleagues are and what they may do.",
    "staff:write": "Invite colleagues, disable them, and change what they may do, up to what one may oneself.",
    "access:explain": "Ask why somebody else may or may not do something.",
}
# These mean an article, or where a section stands or a list belongs, so a section and a language limit them.
IN_PLACE = frozenset(name for name in PERMISSIONS if name.startswith("articles:")) | {
    "comments:moderate", "embargo:read", "lists:write", "taxonomy:write", "assets:write_any",
}  # fmt: skip
SHARED = frozenset(name for name in PERMISSIONS if name.startswith("taxonomy:")) | {"assets:read", "assets:write"}
# To act on what somebody else made, the second is needed beside the first.
BEYOND_ONES_OWN = {"articles:write": "articles:write_any", "assets:write": "assets:write_any"}

READ_SCOPES = frozenset(
    {"articles:read", "assets:read", "taxonomy:read", "redirects:read", "search:read", "operations:read"}
)
WRITE_SCOPES = READ_SCOPES | {"articles:write", "articles:write_any", "assets:write"}
EDIT_SCOPES = WRITE_SCOPES | {
    "assets:write_any",
    "redirects:write", "search:write", "comments:moderate",
    "articles:approve", "articles:publish", "articles:delete", "lists:write", "taxonomy:write",
}  # fmt: skip
CHIEF_SCOPES = EDIT_SCOPES | {
    "articles:takedown", "audit:read", "tokens:read", "roles:read", "staff:read", "access:explain",
}  # fmt: skip
ROLES: dict[str, frozenset[str]] = {
    "viewer": READ_SCOPES,
    "moderator": READ_SCOPES | {"comments:moderate"},
    "author": READ_SCOPES | {"articles:write", "assets:write"},
    "translator": WRITE_SCOPES,
    "editor": EDIT_SCOPES,
    "editor-in-chief": CHIEF_SCOPES,
    "administrator": frozenset(PERMISSIONS),
}
ROLE_TEXTS = {
    "viewer": "Reads everything in its place and changes nothing.",
    "moderator": "Reads like a viewer, and decides what readers see of comments.",
    "author": "Makes articles and edits the ones that it made.",
    "translator": "Makes articles and edits everybody's; meant to be limited to one language, beside the role viewer.",
    "editor": "Edits, approves, publishes, unpublishes, deletes; keeps front lists; moderates; adds to the taxonomy.",
    "editor-in-chief": "An editor who also takes down, reads the audit trail, roles and tokens, and explains access.",
    "administrator": "May do everything.",
}

Missing = Literal["", "permission", "section", "locale"]


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, and by which grant; otherwise `missing` and the permission that is missing.

    `missing` is `permission` where no grant has it at all, `section` or `locale` where one has it elsewhere.
    """

    is_allowed: bool
    grant: Grant | None = None
    missing: Missing = ""
    permission: str = ""


@dataclass(frozen=True)
class Place:
    """Where a permission holds: a section with all below it, and a language. Empty means every one."""

    section_path: str = ""
    locale: str = ""

    def covers(self, section_path: str, locale: str) -> bool:
        """Whether what is in this section and language is in this place."""
        return section_path.startswith(self.section_path) and self.locale in ("", locale)


@dataclass(frozen=True)
class NewToken:
    """A token to issue: a role or permissions, where they hold, from which networks it may come, and for how long."""

    name: str
    role: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    section_path: str = ""
    locale: str = ""
    networks: tuple[str, ...] = ()
    lifetime: timedelta = timedelta(days=DEFAULT_DAYS)


@dataclass(frozen=True)
class NewRole:
    """A custom role: a name for a set of permissions."""

    name: str
    permissions: frozenset[str]
    description: str = ""


def grant_of(permissions: Collection[str], section_path: str = "", locale: str = "", source: str = "") -> Grant:
    """A grant; one that is limited to a place gives nothing that concerns the whole site, nor what nobody knows."""
    known = frozenset(permissions) & PERMISSIONS.keys()
    is_limited = bool(section_path or locale)
    return Grant(known & (IN_PLACE | SHARED) if is_limited else known, section_path, locale, source)


def decide(
    grants: Iterable[Grant], permission: str, section_path: str, locale: str, *, is_own: bool = False
) -> Decision:
    """Whether these grants allow something on what is in a section and language.

    `section_path` is empty for what is in no section. More grants never allow less.
    """
    grants = tuple(grants)
    decision = _decide_one(grants, permission, section_path, locale)
    if decision.is_allowed and not is_own and permission in BEYOND_ONES_OWN:
        return _decide_one(grants, BEYOND_ONES_OWN[permission], section_path, locale)
    return decision


def places(grants: Iterable[Grant], permission: str) -> frozenset[Place]:
    """Where a permission holds, for lists; only the place that is everywhere when there is one."""
    found = frozenset(_place_of(grant) for grant in grants if permission in grant.permissions)
    return frozenset({Place()}) if Place() in found else found


def beyond(grants: Collection[Grant], wanted: Grant) -> frozenset[str]:
    """Those permissions of a wanted grant that these grants do not have in its whole place: nobody gives more."""
    return frozenset(
        name
        for name in wanted.permissions
        if not any(
            name in grant.permissions and _place_of(grant).covers(wanted.section_path, wanted.locale)
            for grant in grants
        )
    )


def is_role_name(text: str) -> bool:
    """Whether a custom role can have this name."""
    return len(text) <= LONGEST_ROLE_NAME and ROLE_NAME.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """What the database keeps. A plain SHA-256 is enough for 178 random bits. Source: OWASP ASVS 5.0, 6.5.2."""
    return hashlib.sha256(token.encode()).digest()


def network_of(text: str) -> str | None:
    """An address or network in its usual form, such as `192.0.2.0/24`; None for what is neither."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        return None


def is_at_home(address: str, networks: Collection[str]) -> bool:
    """Whether an address is in one of these networks; where there are none, every address is."""
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in ipaddress.ip_network(network) for network in networks)


def is_within(network: str, networks: Collection[str]) -> bool:
    """Whether all addresses of a network are in one of these."""
    inner = ipaddress.ip_network(network)
    outers = (ipaddress.ip_network(outer) for outer in networks)
    return any(inner.version == outer.version and inner[0] in outer and inner[-1] in outer for outer in outers)


def _decide_one(grants: tuple[Grant, ...], permission: str, section_path: str, locale: str) -> Decision:
    missing: Missing = "permission"
    for grant in grants:
        if permission not in grant.permissions:
            continue
        if permission not in IN_PLACE or _place_of(grant).covers(section_path, locale):
            return Decision(True, grant=grant, permission=permission)
        missing = "locale" if section_path.startswith(grant.section_path) else "section"
    return Decision(False, missing=missing, permission=permission)


def _place_of(grant: Grant) -> Place:
    return Place(grant.section_path, grant.locale)


def new_token(prefix: str = PREFIX) -> str:
    """A fresh token: prefix, 30 random characters of 62 (178 bits), and a checksum of six.

    Source: the form of GitHub's tokens, which lets scanners find a leaked one and a typing mistake be refused
    before the database is asked.
    """
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return prefix + random + checksum(random)


def checksum(random: str) -> str:
    """CRC-32 of the random part in six characters of the same alphabet."""
    number = zlib.crc32(random.encode())
    characters = []
    for _ in range(CHECK_CHARACTERS):
        number, remainder = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[remainder])
    return "".join(reversed(characters))


def is_well_formed(token: str, prefix: str = PREFIX) -> bool:
    """Whether a text can be one of our tokens at all."""
    if (
        not token.startswith(prefix)
        or len(token) != len(prefix) + RANDOM_CHARACTERS + CHECK_CHARACTERS
        or not token.isascii()
    ):
        return False
    random = token[len(prefix) : -CHECK_CHARACTERS]
    return checksum(random) == token[-CHECK_CHARACTERS:]
