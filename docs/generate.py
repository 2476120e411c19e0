"""Writes the generated pages: `python -m docs.generate`. Tests fail when one is stale."""

import dataclasses
import inspect
import re
from pathlib import Path

from benchmarks.catalogue import BENCHMARKS
from benchmarks.report import page as benchmarks_page
from cms.events.at_once import AT_ONCE, MEANINGS
from cms.events.catalogue import CATALOGUE, field_types
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD, SUBSCRIPTIONS, UNHEARD, hearing
from cms.identity.rules import PERMISSIONS, ROLE_TEXTS, ROLES
from cms.newsroom.rules import BEFORE, LEADS, RESTS, SENT_BACK, STATES, Action, State
from cms.operations.problems_page import PROBLEMS
from cms.settings import RANGES, Settings
from tests.access.table import COLUMNS, rows

HERE = Path(__file__).parent

# In the order of the page.
SETTINGS_TEXT = {
    "home": "The one folder that holds data: database, index, keys, mailbox, files in `media`.",
    "env": "`development` makes keys by itself; `production` refuses to start without a good key.",
    "host": "The address that the API listens on.",
    "port": "The port that the API listens on.",
    "base_url": "Where the public reaches Copydesk, such as `https://cms.example.org`. Empty: host and port.",
    "site_name": "The name of the site, in letters, in feeds, and as the publisher in documents, which a change of it "
    "reaches by `copydesk rebuild`; at most 100 characters that can be seen.",
    "locale_fallbacks": "Which languages stand in for one that an article is asked in and does not have, such as "
    "`kk:ru,en;zh-TW:zh-CN;*:en`; `*` is for every language. The shorter tag, such as `zh` for `zh-TW`, always does.",
    "database_url": "`postgresql://user:password@host/name`, or `sqlite:////path/file.db`. Empty: SQLite in the home.",
    "redis_url": "`redis://host:6379/0`. Empty: `copydesk up` runs its own broker. A Redis Cluster is refused.",
    "smtp_url": "`smtp://host:25`, `smtps://user:password@host:465` or `smtp+starttls://user:password@host:587`. "
    "Empty: the local mailbox.",
    "mail_from": "The sender of letters; a domain beyond ASCII is written with `xn--`.",
    "mailbox_host": "The address of the local mailbox; letters go there when `COPYDESK_SMTP_URL` is empty.",
    "mailbox_port": "The port of the mailbox's page. 0: the API's port + 25.",
    "mailbox_smtp_port": "The port where the mailbox takes mail. 0: the API's port + 26.",
    "reader_port": "The port of the reader's page that `copydesk up` starts in development. 0: the API's port + 30, "
    "or no page where that is taken.",
    "api_processes": "How many API processes.",
    "api_threads": "How many requests one API process works on at once.",
    "secret_key": "At least 32 characters; codes and cursors are signed with keys derived from it. "
    "Empty in development: made once in `keys/secret` of the home.",
    "secret_key_file": "A file with the key, in place of `COPYDESK_SECRET_KEY`, and the previous one in a second line. "
    "Followed while Copydesk runs; `copydesk keys rotate` writes it.",
    "previous_secret_key": "With `COPYDESK_SECRET_KEY`: another key whose codes, cursors and seals are accepted too.",
    "trusted_proxies": "Addresses or networks of proxies whose `X-Forwarded-For` counts, separated by commas.",
    "hosts": "Host names that requests may name, without ports, separated by commas; others are answered 400. Name "
    "what probes send too. Empty: any, which is harmless, because no address is ever made from it.",
    "allowed_origins": "Origins whose pages may read answers (CORS), such as `https://www.example.org`, separated by "
    "commas. Empty: none.",
    "redirect_hosts": "Host names that redirects of editors may lead to beside the site's own, separated by commas.",
    "code_cooldown_seconds": "How long after a verification code no other of its purpose is sent to the same address.",
    "code_page_url": "A page of your own site where readers give codes, such as `https://www.example.org/code`. "
    "Letters with a code then have a link to it, with purpose, number and code behind the `#`, which browsers send to "
    "nobody: the page posts them when the reader says so. Empty: no link.",
    "article_page_url": "Where readers find an article on your own site, such as "
    "`https://www.example.org/{locale}/{slug}`; also `{id}` and `{number}`. Shared addresses, short links and "
    "letters lead there, and documents name it in `share` and `seo`. Empty: the article in the content API.",
    "closed_pages": "Pages of the installation that nobody gets, with commas: `docs`, `openapi`, `metrics`; with "
    "`health` probes learn whether it is well, and not what is amiss. Empty: all are open, and none holds a secret.",
    "preview_page_url": "Where your own site shows previews, such as `https://www.example.org/preview/{id}#{token}`: "
    "browsers send to nobody what stands behind the `#`. Preview links for people lead there. Empty: a plain page of "
    "Copydesk's.",
    "person_page_url": "Where readers find a person on your own site, such as `https://www.example.org/people/{slug}`: "
    "`seo.json_ld` names it. Empty: the person in the content API.",
    "required_consents": "Documents with their present versions, such as `terms=2026-11-01,privacy=3`, that whoever "
    "registers has to agree to in `consents`. Empty: none is needed; those that are sent are recorded.",
    "digest_hour": "At which full hour daily letters to readers who follow something go, where they chose none. By "
    "`COPYDESK_TIME_ZONE`, or the reader's own zone.",
    "time_zone": "The zone of readers who chose none, such as `Asia/Almaty`.",
    "limit_writes": "How many changes by one token or session in how many seconds. 0: no limit.",
    "limit_search": "How many searches from one address in how many seconds. 0: no limit.",
    "limit_sign_in": "How many sign-ins from one address in how many seconds. Cannot be switched off.",
    "limit_codes": "How many codes may be asked for from one address in how many seconds. Cannot be switched off.",
    "limit_comments": "How many comments and changes of comments by one reader in how many seconds. Cannot be switched "
    "off.",
    "comments_hold_first": "1 holds the comments of a reader until a moderator approved one of them.",
    "comments_links_held": "A comment with so many links waits for a moderator. 0: links hold none.",
    "comments_reports_held": "A comment that so many readers reported waits for a moderator. 0: reports hold none.",
    "comments_edit_minutes": "How long readers can change a comment. They can delete it at any time.",
    "comments_depth": "How deep replies go; 1 is a comment that is no reply.",
    "types_home": "The folder of article types, one JSON Schema file each. Empty: `types` in the home. Read by "
    "`copydesk types reload` and at each start.",
    "reading_rates": "Reading speeds that replace the built-in ones, such as `en=250wpm,zh=500cpm`.",
    "body_limit_bytes": "The largest request body, files apart.",
    "media_store": "Where files are kept: `folder` is the folder `media` of the home, `s3://bucket/prefix` a bucket of "
    "a store that speaks S3.",
    "media_store_before": "While files move: where those are that `copydesk media move` did not bring over yet, "
    "`folder` or a bucket. They are read from both. Empty: nothing moves.",
    "media_store_endpoint": "The address of the store, such as `https://s3.example.org`; plain `http` is for the same "
    "machine or network. Empty: Amazon's, by the region.",
    "media_store_region": "The region of the bucket.",
    "media_store_key": "The id of the key to the bucket. Empty: the role of the machine, on Amazon's.",
    "media_store_secret": "The secret of that key. It is never printed.",
    "media_limit_bytes": "The largest picture that can be sent.",
    "media_attachment_limit_bytes": "The largest document, sound or video that can be sent; a text may have 2 MiB.",
    "media_quota_bytes": "How many bytes all files together may have as they came. 0: as many as fit on the disk.",
    "media_reserve_bytes": "What has to stay free on the disk of the home when a file comes, so that texts can be "
    "saved when files fill the disk.",
    "media_public": "`published`: readers get a picture while a published article shows it. `always`: as soon as it is "
    "made. Its address tells nobody that it is there.",
    "media_accel_prefix": "Where the front server finds the folder `media` of the home as an internal location, such "
    "as `/protected-media`: pictures are then handed to it by `X-Accel-Redirect`. Empty: Copydesk sends them itself.",
    "media_presets": "In which sizes readers get pictures: names with widths in pixels, and for a crop the ratio of "
    "its sides. After a change all pictures are made anew, in the background.",
    "media_presets_on_demand": "Further presets, which are made of a picture when somebody first asks for them by a "
    "signed address. Empty: none.",
    "wait_limit_seconds": "The longest that `?wait=` holds an answer.",
    "events_retention_days": "How long finished deliveries and their events are kept.",
    "audit_retention_days": "How long the audit trail is kept; a signed checkpoint stands for what was removed.",
    "revisions_kept_days": "How long every edit is kept; of older days the last one of each, and what was published "
    "or has a note.",
    "changes_kept_days": "How long apps that follow the changes can stay away, and how far back `as_of` on published "
    "articles reaches.",
    "searches_kept_days": "How long it is kept how often a text was searched for on a day, without who did.",
    "change_streams": "How many apps one API process serves a stream of changes at once. Each takes one of "
    "`COPYDESK_API_THREADS`, of which one is always left. 0: none; apps ask again and again instead.",
    "lease_seconds": "How long the lease on an article lasts without a heartbeat.",
    "trash_days": "How long a deleted article can be taken back. After that it is archived; its work is never deleted.",
    "preview_hours": "How long a preview link opens where nothing is said.",
    "preview_longest_hours": "The longest that a preview link may open.",
    "previews_kept_days": "How long it is kept who looked through a preview link, and after its end the link itself.",
    "letters_kept_days": "How long it is kept which letter went to whom and what became of it.",
    "codes_kept_days": "How long codes and registrations that nobody proved are kept after their time is over.",
    "reader_sessions_kept_days": "How long readers' sessions are kept after their end; a client that is remembered by "
    "one is not kept out by guesses of others.",
    "suppressions_kept_days": "How long an address that bounced gets no letters, unless somebody lifts it before.",
    "log_level": "`debug`, `info`, `warning` or `error`. `info` logs each request.",
    "allow_unsafe_database": "1 starts on a PostgreSQL with `fsync`, `full_page_writes` or `synchronous_commit` off.",
}


def events_page() -> str:
    """docs/events.md."""
    lines = [
        "# Events",
        "",
        "Generated from `cms/events/catalogue.py` and `cms/events/subscriptions.py` by `python -m docs.generate`.",
        "",
        "The transaction of an act writes its event and one open delivery for each subscription. A delivery is closed",
        f"by the consumer's own commit. After {ATTEMPTS_BEFORE_DEAD} attempts it is a dead letter that a person",
        "retries or discards.",
        "",
    ]
    for name, event in sorted(CATALOGUE.items()):
        doc = re.sub(r"\s+", " ", inspect.getdoc(event) or "")
        heard = ", ".join(f"`{subscription.name}`" for subscription in hearing(name)) or "nobody today"
        own = "; ".join(f"`{field}` ({kind})" for field, kind in field_types(event).items())
        lines += [f"## `{name}` version {event.version}", "", doc, "", f"Fields: {own}.", "", f"Heard by: {heard}.", ""]
    lines += [
        "## Done at once",
        "",
        "What an act on an article does in its own transaction; its receipt shows each as done.",
        "",
    ]
    lines += ["| name | what is true at the commit | of |", "|---|---|---|"]
    for name, meaning in MEANINGS.items():
        acts = ", ".join(f"`{event}`" for event, names in AT_ONCE.items() if name in names)
        lines.append(f"| `{name}` | {meaning} | {acts} |")
    lines += ["", "## Subscriptions", "", "| name | queue | hears | time limit |", "|---|---|---|---|"]
    for one in SUBSCRIPTIONS:
        hears = ", ".join(f"`{name}`" for name in one.hears)
        lines.append(f"| `{one.name}` | `{one.queue}` | {hears} | {one.time_limit_seconds} s |")
    lines += ["", "Recorded and heard by nobody today: " + ", ".join(f"`{name}`" for name in sorted(UNHEARD)) + ".", ""]
    return "\n".join(lines)


def configuration_page() -> str:
    """docs/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "Generated from `cms/settings.py` by `python -m docs.generate`. Every setting is an environment variable, read",
        "once at the start. An unknown `COPYDESK_*` variable is refused, so that a typing mistake is not silent.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    settings = {field.name: field for field in dataclasses.fields(Settings)}
    for name in [*SETTINGS_TEXT, *sorted(settings.keys() - SETTINGS_TEXT.keys())]:
        field = settings[name]
        default = field.default
        shown = "" if default in ("", ()) else f"`{int(default) if isinstance(default, bool) else default}`"
        least, most = RANGES.get(field.name, (None, None))
        bounds = "" if least is None else f" From {least} to {most}."
        lines.append(f"| `COPYDESK_{field.name.upper()}` | {shown} | {SETTINGS_TEXT[field.name]}{bounds} |")
    return "\n".join([*lines, ""])


def problems_page() -> str:
    """docs/problems.md."""
    lines = [
        "# Problems",
        "",
        "Every refusal is `application/problem+json` (RFC 9457) with a stable `code` and a `request_id`. Served at",
        "`/docs/problems` too. Generated by `python -m docs.generate`.",
        "",
        "| code | status | what to do |",
        "|---|---|---|",
    ]
    lines += [f"| `{code}` | {status} | {text} |" for code, (status, text) in sorted(PROBLEMS.items())]
    return "\n".join([*lines, ""])


def access_page() -> str:
    """docs/access.md."""
    lines = [
        "# Access",
        "",
        "Generated from `tests/access/table.py` and `cms/identity/rules.py` by `python -m docs.generate`; the tests",
        "ask every cell of the first table.",
        "",
        "A grant gives permissions in one section with all below it and in one language, or everywhere. Those over",
        "articles ask where the article is: what is outside is answered 404 and left out of lists. Sections, tags,",
        "people and sources are read by every desk. To add, change or delete a section takes a grant that covers the",
        "section above it; to change a tag, person or source one without limits. What concerns the whole site",
        "(operations, audit, tokens, roles, colleagues) is given only by a grant that holds everywhere.",
        "",
        "## Routes and credentials",
        "",
    ]
    lines += [f"- `{name}`: {text}" for name, text in COLUMNS.items()]
    lines += ["", f"| route | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row in (row for row in rows() if not row.is_for_everybody):
        cells = " | ".join(str(row.statuses[name]) for name in COLUMNS)
        lines.append(f"| `{row.method} {row.rule}` | {cells} |")
    lines += ["", "The same for everybody, whatever credential is sent:", "", "| route | answer |", "|---|---|"]
    lines += [f"| `{row.method} {row.rule}` | {row.statuses['none']} |" for row in rows() if row.is_for_everybody]
    lines += ["", "## Roles", "", *(f"- **{name}**: {text}" for name, text in ROLE_TEXTS.items())]
    lines += ["", "| permission | " + " | ".join(ROLES) + " | meaning |", "|---" * (len(ROLES) + 2) + "|"]
    for permission, text in PERMISSIONS.items():
        cells = " | ".join("yes" if permission in ROLES[role] else "" for role in ROLES)
        lines.append(f"| `{permission}` | {cells} | {text} |")
    return "\n".join([*lines, ""])


ACTS: dict[Action, tuple[str, str]] = {
    "edit": ("PATCH /api/v1/articles/{id}", "articles:write"),
    "restore": ("an older revision comes back as the working copy", "articles:write"),
    "submit": ("POST …/submit", "articles:write"),
    "approve": ("POST …/approve", "articles:approve"),
    "reject": ("POST …/reject", "articles:approve"),
    "schedule": ("a time to publish is set", "articles:publish"),
    "unschedule": ("the time to publish is taken back", "articles:publish"),
    "publish": ("POST …/publish", "articles:publish"),
    "correct": ("POST …/correct", "articles:publish"),
    "unpublish": ("POST …/unpublish", "articles:publish"),
    "takedown": ("POST …/takedown", "articles:takedown"),
    "archive": ("POST …/archive", "articles:publish"),
    "unarchive": ("POST …/unarchive", "articles:publish"),
    "delete": ("DELETE /api/v1/articles/{id}", "articles:delete"),
    "recover": ("POST /api/v1/trash/{id}/restore", "articles:delete"),
    "expire": ("the time in the trash is over", "nobody: it happens by itself"),
}
STATE_TEXTS: dict[State, str] = {
    "draft": "Somebody writes. It may be incomplete, and readers never saw it.",
    "submitted": "It waits for somebody who may approve it.",
    "approved": "It may be published as it is.",
    "rejected": "It went back to its author; `rejection_note` says why.",
    "scheduled": "It is published by itself when its time comes.",
    "published": "Readers see `published_revision`; later revisions wait for the next publish or correction.",
    "unpublished": "Readers saw it once and do not see it now.",
    "taken_down": "Readers who come back get 410 with a tombstone.",
    "archived": "It was put away. It is read, but not edited, until it is taken out of the archive.",
}


def lifecycle_page() -> str:
    """docs/lifecycle.md."""
    lines = [
        "# The life of an article",
        "",
        "Generated from `LEADS` in `cms/newsroom/rules.py`, the one state machine, by `python -m docs.generate`.",
        "",
        "| state | meaning |",
        "|---|---|",
        *(f"| `{state}` | {STATE_TEXTS[state]} |" for state in STATES),
        "",
        "What each act leads to; an empty cell is refused with 409. Steps can be skipped: whoever may publish",
        "publishes a draft directly.",
        "",
        f"| act | how | needs | {' | '.join(f'`{state}`' for state in STATES)} |",
        "|---" * (len(STATES) + 3) + "|",
    ]
    for action, (how, needs) in ACTS.items():
        cells = [_target(action, state) for state in STATES]
        needs = f"`{needs}`" if ":" in needs and " " not in needs else needs
        lines.append(f"| {action} | {how} | {needs} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *LIFECYCLE_NOTES, ""])


def _target(action: Action, state: State) -> str:
    target = LEADS[action].get(state)
    if target == RESTS:
        return "(1)"
    if target == BEFORE:
        return "(4)"
    if action in ("edit", "restore") and state in SENT_BACK:
        return "(2)"
    if action in ("edit", "restore") and state == "scheduled":
        return "(3)"
    return "" if target is None else target.replace("_", " ")


LIFECYCLE_NOTES = (
    "1. Where an article rests that readers do not see: `taken_down` if it was taken down and not published since,",
    "   else `unpublished` if readers saw it once, else `draft`.",
    "2. An edit by somebody without `articles:approve` sends it back to `draft`, because what was handed in or",
    "   approved is no longer what is there. Whoever may approve edits it without that.",
    "3. Only who may approve edits what is scheduled; for others it is refused with 409.",
    "4. Back to where it was when it was scheduled: a draft stays a draft, what was approved stays approved. The same",
    "   where its time came and it could not be published.",
    "",
    "Further rules:",
    "",
    "- A takedown needs an article that readers saw once, or that was shared under embargo: then only those who may",
    "  read early are told of it, and for everybody else there never was such an article. It stays in force through",
    "  archive and trash: publishing again needs `articles:takedown` beside `articles:publish`.",
    "- Publishing a revision that readers see already is refused with `already_published`; a correction is not, since",
    "  its public note is new.",
    "- `delete` puts an article into the trash in whatever state it is. It can be taken back for",
    "  `COPYDESK_TRASH_DAYS`; after that it is archived. Expiry deletes no revision.",
    "- Who is limited to a section needs both in it: the place of the working copy, and the place where readers find",
    "  the article, when an act changes what they see.",
)


PAGES = {
    "access.md": access_page,
    "benchmarks.md": lambda: benchmarks_page(BENCHMARKS),
    "configuration.md": configuration_page,
    "events.md": events_page,
    "lifecycle.md": lifecycle_page,
    "problems.md": problems_page,
}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
