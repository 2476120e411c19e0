"""Search: the page of results, and completions while somebody types."""

from asking import Problem
from flask import Blueprint, g, jsonify, render_template, request, url_for
from pages import add_locale, api, read, take_locale

searching = Blueprint("searching", __name__)
searching.url_value_preprocessor(take_locale)
searching.url_defaults(add_locale)

PER_PAGE = 10
FACETS = ("section", "tag", "author", "year")


@searching.get("/<locale>/search")
def search():
    """What a query finds, with the passages that match, and how it can be narrowed."""
    query = request.args.get("q", "").strip()
    narrowed = {name: value for name in FACETS if (value := request.args.get(name))}
    found = None
    if query:
        asked = {"q": query, "locale": g.locale, "facets": ",".join(FACETS), "limit": PER_PAGE, **narrowed}
        found = read("/search", cursor=request.args.get("cursor"), **asked)

    def to(name, value):
        """The address of this search with one more narrowing, or with one less where the value is None."""
        wanted = {**narrowed, name: value}
        return url_for("searching.search", q=query, **{key: one for key, one in wanted.items() if one})

    return render_template("search.html", query=query, found=found, narrowed=narrowed, to=to)


@searching.get("/<locale>/completions")
def complete():
    """Headlines, tags and people that go on as was typed."""
    try:
        asked = {"q": request.args.get("q", ""), "locale": g.locale}
        return jsonify(api().get("/content/v1/search/completions", client=request.remote_addr, **asked))
    except Problem:
        return jsonify({"data": []})
