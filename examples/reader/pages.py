"""The pages that everybody can read: front, article, section, tag, author, archive. Made of the public API alone."""

from calendar import month_name
from datetime import datetime
from urllib.parse import quote, urlsplit

from asking import Problem
from flask import Blueprint, abort, current_app, g, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from words import NAMES, WORDS, words_of

pages = Blueprint("pages", __name__)

PER_PAGE = 12
# What the API gives at most.
MOST_PER_PAGE = 100
COMMENTS = 20


def api():
    """The API of the site."""
    return current_app.extensions["api"]


def read(path, **query):
    """Read published content; 404 and 410 of the API are those of the page."""
    try:
        return api().get(f"/content/v1{path}", client=request.remote_addr, **query)
    except Problem as problem:
        if problem.status in (404, 410):
            # Of what was taken down the desk says when, and where it will why.
            g.tombstone = problem.told.get("tombstone")
            abort(problem.status)
        raise


def maybe(path, **query):
    """Read what may be missing; None where it is."""
    try:
        return api().get(f"/content/v1{path}", client=request.remote_addr, **query)
    except Problem as problem:
        if problem.status == 404:
            return None
        raise


@pages.url_value_preprocessor
def take_locale(_, values):
    """The language of the page stands in its address."""
    g.locale = (values or {}).pop("locale", None) or preferred_locale()
    g.words = words_of(g.locale)


@pages.url_defaults
def add_locale(endpoint, values):
    """Links stay in the language of the page."""
    if current_app.url_map.is_endpoint_expecting(endpoint, "locale"):
        values.setdefault("locale", g.get("locale", "en"))


def preferred_locale():
    """The language that the browser asks for, of those that the pages have."""
    return request.accept_languages.best_match(list(WORDS), default="en")


@pages.app_context_processor
def given_to_all():
    """What every page shows."""
    locale = g.get("locale") or preferred_locale()
    return {
        "locale": locale, "words": words_of(locale), "names": NAMES, "interface": list(WORDS),
        "sections": sections_of(locale), "is_signed_in": bool(request.cookies.get("reader")),
        "said": words_of(locale).get(f"said_{request.args.get('said', '')}"),
        "api_address": current_app.config["PUBLIC_API"], "site_name": current_app.config["SITE_NAME"],
    }  # fmt: skip


def sections_of(locale):
    """The sections at the top, for the menu; a page without it is better than none."""
    try:
        found = api().get("/content/v1/sections", locale=locale, limit=100)["data"]
    except Problem:
        return []
    return [section for section in found if section["parent"] is None]


@pages.app_template_filter("day")
def day(instant):
    """The day of an instant in the words of the page's language."""
    at = datetime.fromisoformat(instant)
    if g.get("locale") == "zh-CN":
        return f"{at.year}年{at.month}月{at.day}日"
    return f"{at.day} {at:%B %Y}"


@pages.app_template_filter("month_of")
def month_of(month, year):
    """A month of a year in the words of the page's language."""
    return words_of(g.locale)["month"].format(month=month, year=year, name=month_name[month])


@pages.app_template_filter("minute")
def minute(instant):
    """The day and minute of an instant, in UTC."""
    gap = " " if g.get("locale") == "zh-CN" else ", "
    return f"{day(instant)}{gap}{datetime.fromisoformat(instant):%H:%M} UTC"


@pages.app_template_filter("page_of")
def page_of(article):
    """The address of an article's page here. Documents name their own in the API, which says language and slug."""
    locale, _, slug = article["url"].removeprefix("/content/v1/articles/").partition("/")
    return f"/{locale}/articles/{slug}"


@pages.app_template_filter("renditions")
def renditions(image, crop):
    """What a browser may choose from of a picture, in one of its crops, or whole where that crop is not made.

    Shape: [{type, srcset, url, width, height}], the best type first, the one for every browser last.
    """
    kinds, address = {}, current_app.config["PUBLIC_API"]
    for file in image["crops"].get(crop) or image["srcset"]:
        kinds.setdefault(file["media_type"], []).append({**file, "url": address + file["url"]})
    return [
        {**files[-1], "type": kind, "srcset": ", ".join(f"{file['url']} {file['width']}w" for file in files)}
        for kind, files in kinds.items()
    ]


@pages.app_template_filter("marked")
def marked(text):
    """A passage of a search's answer, in which `<mark>` is the only tag."""
    return Markup(text)  # noqa: S704  # the API escapes all the rest


@pages.get("/")
def start():
    """To the front page in the reader's language."""
    g.locale = preferred_locale()
    answer = redirect(url_for("pages.front"))
    answer.headers["Vary"] = "Accept-Language"
    return answer


@pages.get("/<locale>/")
def front():
    """What the desk put on the front page, then the newest."""
    if g.locale not in NAMES:
        abort(404)
    cursor = request.args.get("cursor")
    chosen = None if cursor else maybe("/lists/front-page", locale=g.locale)
    shown = {card["id"] for card in chosen["data"]} if chosen else set()
    # As many more as stand above, so that something follows also where those are the newest.
    newest = read("/articles", locale=g.locale, limit=min(PER_PAGE + len(shown), MOST_PER_PAGE), cursor=cursor)
    cards = [card for card in newest["data"] if card["id"] not in shown]
    return render_template("front.html", chosen=chosen and chosen["data"], cards=cards, page=newest["page"])


@pages.get("/<locale>/articles/<slug>")
def article(slug):
    """One article: the document and its comments are two calls, and what it is to this reader a third."""
    # Before the document is read, or a change in between would never be heard of.
    heard = current_app.extensions["follower"].count
    try:
        document = read(f"/articles/{quote(g.locale)}/{quote(slug)}")
    except Problem as problem:
        if problem.location:
            # The article has another address by now; the API names it there, and it is the same one here.
            return redirect(page_of({"url": urlsplit(problem.location).path}), problem.status)
        raise
    order = "best" if request.args.get("order") == "best" else None
    comments = read(
        f"/articles/{document['id']}/comments", limit=COMMENTS, order=order, cursor=request.args.get("cursor")
    )
    state, liked = own_state(document["id"])
    return render_template(
        "article.html", article=document, comments=comments, heard=heard, state=state, liked=liked,
        reply_to=request.args.get("reply"), body=Markup(document["body"]["html"]),  # noqa: S704  # the API cleans it
    )  # fmt: skip


def own_state(article_id):
    """What an article and its comments are to the reader who is signed in."""
    token = request.cookies.get("reader")
    if not token:
        return None, set()
    try:
        state = api().get(f"/readers/v1/articles/{article_id}/state", token=token, client=request.remote_addr)
        liked = api().get("/readers/v1/comments/likes", token=token, client=request.remote_addr, article=article_id)
    except Problem as problem:
        if problem.status == 401:
            return None, set()
        raise
    return state, set(liked["data"])


@pages.get("/<locale>/sections/<slug>")
def section(slug):
    """The articles of a section, the newest first."""
    return listed("section", slug, read(f"/sections/{quote(slug)}", locale=g.locale))


@pages.get("/<locale>/tags/<slug>")
def tag(slug):
    """The articles with a tag."""
    return listed("tag", slug, read(f"/tags/{quote(slug)}", locale=g.locale))


@pages.get("/<locale>/authors/<slug>")
def author(slug):
    """The articles of an author."""
    return listed("author", slug, read(f"/people/{quote(slug)}", locale=g.locale))


@pages.get("/<locale>/archive")
def archive():
    """The months in which articles were published."""
    return render_template("archive.html", months=read("/archives", locale=g.locale, count="exact")["data"])


@pages.get("/<locale>/archive/<int:year>/<int:month>")
def month(year, month):
    """The articles of a month."""
    return listed(None, None, None, year=year, month=month)


def listed(kind, slug, subject, **query):
    """A page of a list, and what stands above it."""
    if kind:
        query[kind] = slug
    found = read("/articles", locale=g.locale, limit=PER_PAGE, cursor=request.args.get("cursor"), **query)
    return render_template(
        "list.html", kind=kind, slug=slug, subject=subject, cards=found["data"], page=found["page"],
        year=query.get("year"), month=query.get("month"),
    )  # fmt: skip


@pages.get("/media/<path:name>")
def picture(name):
    """Files in documents have addresses relative to the API, which gives them out for good.

    The words of a video are the one kind that browsers take from the page's own site alone.
    """
    query = request.query_string.decode()
    if name.endswith(".vtt"):
        return words_of_a_video(f"/media/{quote(name)}{'?' if query else ''}{query}")
    return redirect(f"{current_app.config['PUBLIC_API']}/media/{quote(name)}{'?' if query else ''}{query}", 301)


def words_of_a_video(path):
    """Captions and their like, as the API has them."""
    try:
        text = api().text(path, client=request.remote_addr)
    except Problem as problem:
        abort(404 if problem.status == 404 else 503)
    answer = current_app.response_class(text, mimetype="text/vtt")
    # A signed address is a draft's.
    is_signed = bool(request.query_string)
    answer.headers["Cache-Control"] = "private, no-store" if is_signed else "public, max-age=31536000, immutable"
    return answer


@pages.get("/live/<uuid:article_id>")
def live(article_id):
    """What an open page asks: whether its article was changed since it was made."""
    count = request.args.get("heard", 0, type=int)
    answer = jsonify({"change": current_app.extensions["follower"].heard_since(str(article_id), count)})
    answer.headers["Cache-Control"] = "no-store"
    return answer
