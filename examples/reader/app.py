"""Puts the pages together: routes, what protects them, and the pages for what went wrong."""

from pathlib import Path

from accounts import accounts
from acting import acting
from asking import Api, Problem
from flask import Flask, current_app, g, render_template, request
from following import Follower
from pages import pages
from previews import previews
from searching import searching

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {api}; media-src 'self' {api}; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_reader(api_address, public_api="", name="Copydesk"):
    """The site as a WSGI application, over the API at an address. It follows the changes in a thread of its own."""
    app = Flask("reader", root_path=str(Path(__file__).parent), static_url_path="/static")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["PUBLIC_API"] = (public_api or api_address).rstrip("/")
    app.config["SITE_NAME"] = name
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    app.extensions["api"] = Api(api_address)
    app.extensions["follower"] = Follower(app.extensions["api"])
    app.extensions["follower"].start()
    for blueprint in (pages, searching, accounts, acting, previews):
        app.register_blueprint(blueprint)
    app.after_request(protect)
    app.register_error_handler(Problem, not_answered)
    for status in (403, 404, 410):
        app.register_error_handler(status, went_wrong)
    return app


def protect(response):
    """Nothing but our own script and style runs, and no other page shows these in a frame."""
    response.headers["Content-Security-Policy"] = POLICY.format(api=current_app.config["PUBLIC_API"])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if request.cookies.get("reader"):
        response.headers["Cache-Control"] = "private, no-store"
    elif request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-cache" if response.status_code == 200 else "no-store")
    return response


def went_wrong(error):
    """A page for 403, 404 and 410."""
    tombstone = g.get("tombstone") if error.code == 410 else None
    return render_template("wrong.html", status=error.code, tombstone=tombstone), error.code


def not_answered(problem):
    """The API refused or is away: 503 with the time to come back, or its own status."""
    status = problem.status if problem.status in (400, 404, 409, 410, 422, 429) else 503
    headers = {"Retry-After": problem.retry_after or "5"} if status in (429, 503) else {}
    g.setdefault("locale", "en")
    return render_template("wrong.html", status=status, problem=problem), status, headers
