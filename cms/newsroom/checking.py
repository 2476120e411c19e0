"""What is looked at before readers get an article. A check is one small function in `CHECKS`; `block` stops a publish,
`warn` is only said. `POST …/validate` tells all of them, a publish asks those that block.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.models import Document
from cms.content.redirects.leading import leads_elsewhere
from cms.media.attachments import Attachment, has_words_in
from cms.media.pictures import SCHEME, Picture, alt_of, shown_ids
from cms.media.queries import shown_by_id
from cms.media.rules import is_expired
from cms.newsroom.models import Article
from cms.newsroom.rules import decide, missing_for_readers
from cms.newsroom.saving import standing_of
from cms.newsroom.translations.queries import is_stale
from cms.platform.clock import rfc3339
from cms.platform.db import columns_of
from cms.platform.errors import Conflict, FieldError, Invalid
from cms.platform.text.headlines import headline_key, most_alike
from cms.platform.text.markdown import Rendered
from cms.taxonomy.article_types.queries import errors_in

Severity = Literal["block", "warn"]
# Search engines cut headlines that are longer. Source: Google's guidelines for NewsArticle.
LONGEST_GOOD_TITLE = 110
# Two desks that write up one story do so within days.
RECENT_HEADLINES = 500


@dataclass(frozen=True)
class Draft:
    """What a check looks at: a working copy with its body as readers would get it, at an instant, now or to come."""

    session: Session
    article: Article
    content: Mapping[str, Any]
    rendered: Rendered
    at: datetime


@dataclass(frozen=True)
class Check:
    """One thing that is looked at, and how bad it is when it finds something."""

    severity: Severity
    look: Callable[[Draft], Iterator[FieldError]]


def lacks_what_readers_need(draft: Draft) -> Iterator[FieldError]:
    """No title, or neither text nor an image."""
    yield from missing_for_readers(draft.content["title"], draft.rendered.text, draft.rendered.image_count)


def does_not_fit_its_type(draft: Draft) -> Iterator[FieldError]:
    """Fields that the article's type does not allow, or lacks."""
    yield from errors_in(draft.session, draft.content["type"], draft.content["fields"], is_complete=True)


def lacks_summary(draft: Draft) -> Iterator[FieldError]:
    """No summary: readers cannot see at a glance what the story says."""
    if not draft.content["summary"]:
        yield FieldError("/summary", "missing_summary", "There is no summary for readers in a hurry.")


def has_long_title(draft: Draft) -> Iterator[FieldError]:
    """A title that search engines would cut."""
    length = len(draft.content["title"])
    if length > LONGEST_GOOD_TITLE:
        yield FieldError("/title", "long_title", f"{length} characters; search engines cut after {LONGEST_GOOD_TITLE}.")


def has_images_without_alt(draft: Draft) -> Iterator[FieldError]:
    """An image without a text in the article's language for those who cannot see it, which does more than decorate."""
    pictures, locale = _pictures(draft), draft.content["locale"]
    count = 0
    for src, alt in _images_in(draft.rendered.html):
        picture = pictures.get(src.removeprefix(SCHEME))
        is_told = bool(alt) or isinstance(picture, Attachment)
        if isinstance(picture, Picture):
            is_told = is_told or picture.is_decorative or bool(alt_of(picture, locale))
        count += not is_told
    if count:
        images = "1 image has" if count == 1 else f"{count} images have"
        yield FieldError("/body", "missing_alt_text", f"{images} no alternative text.")


def shows_expired_pictures(draft: Draft) -> Iterator[FieldError]:
    """A picture or another file that may not be shown any more."""
    for picture in _pictures(draft).values():
        if is_expired(picture.use_until, draft.at):
            until = rfc3339(picture.use_until) if picture.use_until else ""
            yield FieldError("/body", "expired_picture", f"The right to show asset:{picture.id} ended {until}.")


def lacks_credits(draft: Draft) -> Iterator[FieldError]:
    """A picture that does not say whose it is."""
    for picture in _pictures(draft).values():
        if isinstance(picture, Picture) and not picture.credit and not picture.is_decorative:
            yield FieldError("/body", "missing_credit", f"The picture asset:{picture.id} says nothing of whose it is.")


def has_video_without_words(draft: Draft) -> Iterator[FieldError]:
    """A video whose words nobody can read in the article's language."""
    for one in _pictures(draft).values():
        if isinstance(one, Attachment) and one.kind == "video" and not has_words_in(one, draft.content["locale"]):
            detail = f"The video asset:{one.id} has neither captions nor subtitles in the language of the article."
            yield FieldError("/body", "missing_captions", detail)


def repeats_a_headline(draft: Draft) -> Iterator[FieldError]:
    """Another published article of the language has the same title, or a recent one has one that is much like it.

    Case, width, punctuation and spaces make no difference.
    """
    title, documents = draft.content["title"], columns_of(Document).c
    others = (documents.locale == draft.content["locale"], documents.article_id != draft.article.id)
    same = select(documents.article_id).where(documents.title_key == headline_key(title), *others)
    other = draft.session.scalar(same.order_by(documents.article_id).limit(1))
    if other is not None:
        yield FieldError("/title", "duplicate_title", f"The published article {other} has this title.")
        return
    newest = select(documents.article_id, documents.title).where(*others)
    newest = newest.order_by(documents.published_at.desc(), documents.number.desc()).limit(RECENT_HEADLINES)
    recent = dict(draft.session.execute(newest).all())
    alike = most_alike(title, recent.items())
    if alike is not None:
        detail = f"The published article {alike} has a title that is much like this: {recent[alike]!r}."
        yield FieldError("/title", "similar_title", detail)


def lags_behind_its_source(draft: Draft) -> Iterator[FieldError]:
    """The article that this one was translated from was published anew with other words."""
    if is_stale(draft.session, draft.article):
        source = draft.article.translated_from_id
        yield FieldError("", "stale_translation", f"Article {source}, which this was translated from, changed since.")


def takes_over_an_address(draft: Draft) -> Iterator[FieldError]:
    """A redirect leads from the article's address to somewhere else; a publish puts the article in its place."""
    locale, slug = draft.content["locale"], draft.content["slug"]
    if leads_elsewhere(draft.session, draft.article.id, locale, slug):
        detail = "Readers are led on from this address now. When the article is published, they find it here instead."
        yield FieldError("/slug", "replaces_redirect", detail)


CHECKS: tuple[Check, ...] = (
    Check("block", lacks_what_readers_need),
    Check("block", does_not_fit_its_type),
    Check("warn", lacks_summary),
    Check("warn", has_long_title),
    Check("block", shows_expired_pictures),
    Check("warn", has_images_without_alt),
    Check("warn", lacks_credits),
    Check("warn", has_video_without_words),
    Check("warn", repeats_a_headline),
    Check("warn", lags_behind_its_source),
    Check("warn", takes_over_an_address),
)


def refuse_unready(draft: Draft) -> None:
    """Refuse to show readers what a check blocks. Raises: Invalid, naming everything that blocks."""
    errors = [error for check in CHECKS if check.severity == "block" for error in check.look(draft)]
    if errors:
        raise Invalid("The article is not ready for readers.", errors=errors)


def refuse_what_blocks(draft: Draft) -> list[dict[str, str]]:
    """Refuse to promise readers what could not be published as it is, and give what a publish would warn about.

    Raises: Invalid, naming everything that blocks; Conflict, code `slug_taken`.
    """
    refuse_unready(draft)
    for error in _taken_slug(draft):
        raise Conflict(error.detail, code=error.code)
    warnings = (check for check in CHECKS if check.severity == "warn")
    return [{"severity": "warn", **asdict(error)} for check in warnings for error in check.look(draft)]


def findings(draft: Draft, now: datetime) -> list[dict[str, str]]:
    """What a publish would refuse or warn about, the refusals first.

    Shape: [{"severity", "pointer", "code", "detail"}]; the pointer is empty for what concerns the whole article.
    """
    found = [{"severity": "block", **asdict(error)} for error in _refused_by_state(draft, now)]
    found += [{"severity": check.severity, **asdict(error)} for check in CHECKS for error in check.look(draft)]
    return sorted(found, key=lambda finding: finding["severity"])


def _refused_by_state(draft: Draft, now: datetime) -> Sequence[FieldError]:
    errors = []
    try:
        decide(standing_of(draft.article), "publish", now, rights=("articles:takedown",))
    except Conflict as refused:
        errors.append(FieldError("", refused.code, refused.detail))
    return [*errors, *_taken_slug(draft)]


def _taken_slug(draft: Draft) -> Iterator[FieldError]:
    statement = select(Document.article_id).where(
        Document.locale == draft.content["locale"], Document.slug == draft.content["slug"]
    )
    holder = draft.session.scalar(statement)
    if holder not in (None, draft.article.id):
        yield FieldError("/slug", "slug_taken", f"Readers know the published article {holder} by this slug.")


def _pictures(draft: Draft) -> dict[str, Picture | Attachment]:
    return shown_by_id(draft.session, shown_ids(draft.rendered.html))


class _Images(HTMLParser):
    """Collects the address and the alternative text of each image."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        if tag == "img":
            told = dict(attrs)
            self.found.append((told.get("src") or "", (told.get("alt") or "").strip()))


def _images_in(html: str) -> list[tuple[str, str]]:
    images = _Images()
    images.feed(html)
    images.close()
    return images.found
