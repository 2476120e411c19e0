"""Previews: an article as it would be, for whoever has a link. The token stands behind the # and is in no log."""

from asking import Problem
from flask import Blueprint, g, render_template, request
from markupsafe import Markup
from pages import api
from words import WORDS, words_of

previews = Blueprint("previews", __name__)


@previews.route("/preview/<uuid:article_id>", methods=["GET", "POST"])
def preview(article_id):
    """The page that takes the token from the address and posts it; then the article, with a banner."""
    token = request.form.get("token", "")
    if not token:
        return private(render_template("preview.html"))
    try:
        document = api().get(f"/preview/v1/articles/{article_id}", token=token, client=request.remote_addr)
    except Problem as problem:
        if problem.status in (401, 403, 404, 410, 422):
            return private(render_template("preview.html", is_refused=True), problem.status)
        raise
    g.locale = document["locale"] if document["locale"] in WORDS else "en"
    g.words = words_of(g.locale)
    body = Markup(document["body"]["html"])  # noqa: S704  # the API cleans it
    return private(render_template("article.html", article=document, body=body, preview=document["preview"]))


def private(page, status=200):
    """Nothing of a preview is kept, found or told to other sites."""
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return page, status, headers
