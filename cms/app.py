"""`create_app`: the only place where Flask is put together."""

import os
from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Any

from flask import Blueprint, Flask

from cms.content.api import content
from cms.content.changes.api import STREAMS, changes
from cms.content.changes.telling import Streams
from cms.content.express import Express
from cms.content.feeds.api import feeds
from cms.content.front_lists.api import shown_lists
from cms.content.redirects.api import redirects
from cms.content.search.api import site_search
from cms.content.search_report.api import search_report
from cms.content.search_report.counting import SEARCH_LEDGER, SearchLedger
from cms.content.synonyms.api import synonyms
from cms.content.synonyms.knowing import SYNONYMS, KnownSynonyms
from cms.identity.api import identity
from cms.identity.credentials import verifier
from cms.identity.staff.api import staff_access
from cms.media.api import MEDIA, Media, gallery, media
from cms.media.choosing import chosen_store
from cms.media.gallery import Gallery
from cms.media.on_demand.api import LINE, on_demand
from cms.media.on_demand.making import WaitingLine
from cms.media.replacements.api import replacements
from cms.newsroom.api.answering import WAITING_ROOM
from cms.newsroom.api.articles import articles
from cms.newsroom.api.lifecycle import lifecycle
from cms.newsroom.api.reviewing import review
from cms.newsroom.api.trash import trash
from cms.newsroom.asset_uses.api import asset_uses
from cms.newsroom.front_lists.api import front_lists
from cms.newsroom.leases.api import leases
from cms.newsroom.previews.api import looks, previews
from cms.newsroom.related.api import related_lists
from cms.newsroom.releases.api import releases
from cms.newsroom.revisions.api import revisions
from cms.newsroom.schedules.api import schedules
from cms.newsroom.translations.api import translations
from cms.newsroom.waiting import WaitingRoom
from cms.newsroom.words.api import words
from cms.operations.api.access import access
from cms.operations.api.audience import audience
from cms.operations.api.audit import audit
from cms.operations.api.comment_modes import comment_modes
from cms.operations.api.documentation import documentation
from cms.operations.api.health import health
from cms.operations.api.letters import letters
from cms.operations.api.receipts import receipts
from cms.operations.api.staff import staff
from cms.operations.api.tokens import tokens
from cms.platform.bell import Bell
from cms.platform.broker_counts import BrokerCounts
from cms.platform.clock import now
from cms.platform.db import Database, refuse_unsafe_server
from cms.platform.http import guard, origins, problems
from cms.platform.http.door import door
from cms.platform.http.limiting import tell_limit
from cms.platform.http.routing import LateRule
from cms.platform.http.services import EXTENSION, Services
from cms.platform.keys import load_keys
from cms.platform.limiter import Limiter
from cms.platform.logs import configure_logs
from cms.readers.api.addresses import reader_addresses
from cms.readers.api.consents import reader_consents
from cms.readers.api.doors import readers
from cms.readers.api.own import reader_accounts
from cms.readers.bookmarks.api import bookmarks
from cms.readers.comments.api.moderating import moderation_desk
from cms.readers.comments.api.reading import shown_comments
from cms.readers.comments.api.writing import own_comments
from cms.readers.follows.api import follows
from cms.readers.sessions import reader_verifier
from cms.readers.sharing.api import sharing
from cms.settings import Settings
from cms.taxonomy.api import taxonomy
from cms.taxonomy.article_types.api import article_types
from search_index.shelf import Shelf

# What is answered without waiting for anybody, or not at all.
AT_ONCE = "copydesk-at-once"
BLUEPRINTS: tuple[Blueprint, ...] = (
    # What readers get.
    content, site_search, changes, shown_lists, shown_comments, redirects, feeds, looks,
    # What editors do.
    articles, lifecycle, review, revisions, leases, schedules, releases, front_lists, related_lists,
    translations, trash, previews,
    taxonomy, words, article_types, synonyms, search_report, media, gallery, on_demand, replacements, asset_uses,
    # The audience.
    readers, reader_accounts, reader_addresses, reader_consents, bookmarks, own_comments, moderation_desk,
    comment_modes, sharing, follows,
    # Who may come in, and what was done.
    identity, tokens, access, staff, staff_access, receipts, letters, audit, audience,
    # The installation itself.
    health, documentation,
)  # fmt: skip


class Api(Flask):
    """Flask for functions that are all plain ones: none is looked at, at each request, for being a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def create_app(settings: Settings) -> Flask:
    """The API as a WSGI application. Raises: Unavailable when the database may lose what it acknowledges."""
    bell = Bell(settings.bell_url)
    database = Database(settings.database, is_durable=True, wake=bell.ring, site_name=settings.site_name)
    if not settings.allow_unsafe_database:
        refuse_unsafe_server(database)
    app = _furnished()
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit_bytes
    keys = load_keys(settings)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        database=database,
        keys=keys,
        index=Shelf(settings.index_home).reader(),
        limiter=Limiter(database, BrokerCounts(settings.bell_url)),
        clock=now,
        verify_token=verifier(database, now),
        verify_reader=reader_verifier(database, now),
    )
    app.extensions[STREAMS] = Streams(min(settings.change_streams, settings.api_threads - 1))
    app.extensions[SYNONYMS] = KnownSynonyms()
    app.extensions[SEARCH_LEDGER] = SearchLedger(database)
    app.extensions[WAITING_ROOM] = WaitingRoom(settings.api_threads // 2)
    store = chosen_store(settings)
    app.extensions[LINE] = WaitingLine(settings.api_threads // 2)
    app.extensions[MEDIA] = Media(store)
    express = Express(app.wsgi_app, database.direct, keys, settings, now)
    app.extensions[AT_ONCE] = door(express.at_once, settings)
    front = Gallery(express, database.direct, keys, store, settings, now)
    app.wsgi_app = door(front, settings)  # type: ignore[method-assign,assignment]  # Flask's documented way
    return app


def _furnished() -> Flask:
    """A new application with every route, and nothing yet that depends on settings."""
    app = copy(_pattern())
    app.config, app.extensions, app.view_functions = app.make_config(), {}, dict(app.view_functions)
    # Flask would let FLASK_DEBUG turn this on, and with it tracebacks and a console for everybody.
    app.debug = False
    return app


@cache
def _pattern() -> Flask:
    """The routes, put together once in a process: that is most of the work, and tests need thousands."""
    app = Api("copydesk", static_folder=None)
    app.url_rule_class = LateRule
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.before_request(origins.refuse_unknown_method)
    app.before_request(origins.refuse_foreign_host)
    app.before_request(origins.answer_preflight)
    app.before_request(guard.authenticate)
    app.before_request(guard.refuse_nameless_path)
    app.after_request(tell_limit)
    app.after_request(origins.allow_origin)
    problems.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def end_streams(app: Flask) -> None:
    """Let every answer end that would go on until its reader leaves, because the process is told to stop."""
    app.extensions[STREAMS].end()


def create_app_from_environment() -> Flask:
    """The factory that the HTTP server calls in each of its processes."""
    settings = Settings.from_environment(os.environ)
    configure_logs(settings.log_level)
    return create_app(settings)
