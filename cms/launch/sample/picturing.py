"""Pictures of the sample newsroom: read from `pictures.toml` and the files in `drawn/`, and put in as assets.

What the darkroom sees in each was written down when it was drawn (`docs/drawing`), so that a first start need not open
a process for each. Texts name a picture by its slug in the place of an asset's id. What is there already is left alone.
"""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cms.launch.sample.loading import ACTOR
from cms.launch.sample.reading import HOME, Sample
from cms.launch.sample.strict import SampleError, refuse_strangers, refuse_unknown, text_of, toml_of, values_of
from cms.media.adding import add_asset
from cms.media.models import Asset
from cms.media.pictures import written_ids
from cms.media.rules import Described, NewAsset, Received
from cms.media.storing import ORIGINALS, Store
from cms.platform.db import Database

DRAWN = HOME / "drawn"
SEEN = DRAWN / "seen.json"
MEDIA_TYPE, ENDING = "image/webp", "webp"


@dataclass(frozen=True)
class SamplePicture:
    """A picture that articles show. `alt` and `captions` are by locale; rights end so many `days` after the loading."""

    slug: str
    credit: str
    licence: str
    alt: Mapping[str, str]
    captions: Mapping[str, str]
    source: str = ""
    days: int = 0


@dataclass(frozen=True)
class SamplePictures:
    """All pictures, and what is seen in the file of each."""

    pictures: tuple[SamplePicture, ...] = ()
    seen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    home: Path = DRAWN


def pictures(newsroom: Sample, home: Path = HOME) -> SamplePictures:
    """Read the pictures. Raises: SampleError, also for articles that name one that is not there."""
    where = "pictures.toml"
    tables = toml_of(text_of(home / where, where), where)
    refuse_unknown(tables, ("pictures",), where)
    read = values_of(SamplePicture, tables, "pictures", where)
    seen = json.loads(text_of(home / "drawn" / SEEN.name, f"drawn/{SEEN.name}"))
    refuse_strangers("picture", [one.slug for one in read], seen, where, f"drawn/{SEEN.name}")
    for article in (*newsroom.articles, *newsroom.planned):
        named = written_ids(article.body)
        refuse_strangers("picture", named, {one.slug for one in read}, f"{article.locale}/{article.slug}.md", where)
        if any(article.locale not in one.alt for one in read if one.slug in named):
            raise SampleError(f"{where}: a picture of {article.locale}/{article.slug} has no alt text in its language")
    return SamplePictures(read, seen, home / "drawn")


def load_pictures(database: Database, store: Store, wanted: SamplePictures, now: datetime) -> None:
    """Keep the pictures that are not there as assets."""
    there = asset_ids(database, wanted)
    missing = [one for one in wanted.pictures if one.slug not in there]
    for picture in missing:
        _put(store, wanted, picture)
    with database.transaction() as session:
        for picture in missing:
            add_asset(session, ACTOR, store, _new(wanted, picture, now), now)


def asset_ids(database: Database, wanted: SamplePictures) -> dict[str, str]:
    """The ids of those pictures that are there, by slug."""
    slugs = {wanted.seen[one.slug]["sha256"]: one.slug for one in wanted.pictures}
    with database.reading() as session:
        rows = session.execute(select(Asset.sha256, Asset.id).where(Asset.sha256.in_(slugs)))
        return {slugs[sha256]: asset_id for sha256, asset_id in rows}


def _put(store: Store, wanted: SamplePictures, picture: SamplePicture) -> None:
    store.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = store.incoming / f"{secrets.token_hex(16)}.part"
    shutil.copyfile(wanted.home / f"{picture.slug}.{ENDING}", path)
    store.put(ORIGINALS, wanted.seen[picture.slug]["sha256"], path)


def _new(wanted: SamplePictures, picture: SamplePicture, now: datetime) -> NewAsset:
    seen = wanted.seen[picture.slug]
    x, y = seen["focal_point"]
    received = Received(
        f"{picture.slug}.{ENDING}", seen["sha256"], seen["byte_count"], MEDIA_TYPE, seen["width"], seen["height"],
        (x, y), seen["colour"], seen["blurhash"],
    )  # fmt: skip
    given = {name: getattr(picture, name) for name in ("credit", "licence", "source")}
    given |= {"alt": dict(picture.alt), "captions": dict(picture.captions)}
    if picture.days:
        given["use_until"] = now + timedelta(days=picture.days)
    return NewAsset(received, Described(given))
