"""Search: the page of results, and suggestions while somebody types."""

from asking import Problem
from flask import Blueprint, g, jsonify, render_template, request
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
        found = read(
            "/search", q=query, locale=g.locale, limit=PER_PAGE, cursor=request.args.get("cursor"),

        )  # fmt: skip
    return render_template("search.html", query=query, found=found, narrowed=narrowed)


@searching.get("/<locale>/suggest")
def suggest():
    """Titles, tags and people that begin as what was typed."""
    try:
        found = api().get("/content/v1/suggest", q=request.args.get("q", ""), locale=g.locale, limit=8)
    except Problem:
        return jsonify({"data": []})
    return jsonify(found)
