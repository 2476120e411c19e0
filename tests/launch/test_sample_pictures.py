"""The pictures of the sample newsroom: drawn by program, described in every language that shows them, put in once."""

import io
import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from sqlalchemy import func, select

from cms.content.models import Document
from cms.launch.sample.loading import load_articles, load_words, with_assets
from cms.launch.sample.picturing import DRAWN, asset_ids, load_pictures, pictures
from cms.launch.sample.reading import HOME, Sample, sample
from cms.launch.sample.strict import SampleError
from cms.media.darkroom.asking import Darkroom
from cms.media.models import Asset, AssetUse
from cms.media.pictures import written_ids
from cms.media.storing import LocalStore
from cms.media.verifying import looked_at, named_files
from cms.platform.db import Database
from cms.settings import Settings
from docs.drawing.__main__ import MOTIFS, drawn

AFTERWARDS = datetime(2027, 3, 1, 12, tzinfo=UTC)
MOST_BYTES = 16_000


@pytest.fixture(scope="module")
def newsroom() -> Sample:
    return sample()


def test_articles_of_every_language_begin_with_a_picture_and_some_have_one_in_the_text(newsroom: Sample) -> None:
    read = pictures(newsroom)
    lead = Counter(article.locale for article in newsroom.articles if article.body.startswith("![](asset:"))
    assert lead["en"] >= 12 <= lead["zh-CN"] and min(lead["kk"], lead["ru"]) >= 2
    named = [slug for article in newsroom.articles for slug in written_ids(article.body)]
    assert len([one for one in newsroom.articles if "\n![](asset:" in one.body]) >= 4
    assert set(named) == {one.slug for one in read.pictures} == set(MOTIFS)
    for one in read.pictures:
        assert {"en", "zh-CN"} <= one.alt.keys() == one.captions.keys(), one.slug
        assert one.credit and one.licence, one.slug
        assert (DRAWN / f"{one.slug}.webp").stat().st_size < MOST_BYTES
    assert [one.slug for one in read.pictures if one.days] == ["ladder-in-a-pear-tree"]


def test_they_are_what_the_program_draws_and_seen_as_the_darkroom_sees_them(newsroom: Sample) -> None:
    read = pictures(newsroom)
    for name in ("anselm-prices", "six-penalties"):
        path = DRAWN / f"{name}.webp"
        kept = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
        assert ImageChops.difference(kept, drawn(name)).getbbox() is None, f"python -m docs.drawing {name}"
    seen = read.seen["six-penalties"]
    told = Darkroom().look(DRAWN / "six-penalties.webp", "webp")
    assert told == {name: seen[name] for name in told}


def test_they_become_assets_once_and_articles_show_them(
    settings: Settings, database: Database, newsroom: Sample
) -> None:
    read, store = pictures(newsroom), LocalStore(settings.media_home)
    part = [article for article in newsroom.articles if "asset:comet-dunmarrow" in article.body]
    load_words(database, newsroom, AFTERWARDS)
    for _ in range(2):
        load_pictures(database, store, read, AFTERWARDS)
    ids = asset_ids(database, read)
    load_articles(database, part, part[-1].published_at, lambda: AFTERWARDS, ids)
    with database.reading() as session:
        assets = {asset.id: asset for asset in session.scalars(select(Asset))}
        assert len(assets) == len(read.pictures) == len(ids)
        uses = session.execute(select(AssetUse.asset_id, AssetUse.place)).all()
        assert Counter(place for _, place in uses) == {"working": len(part), "shown": len(part)}
        assert {asset_id for asset_id, _ in uses} == {ids["comet-dunmarrow"]}
        shown = {row.locale: row.content for row in session.scalars(select(Document))}
        assert set(shown) == {"en", "zh-CN", "kk"}
        film = assets[ids["ladder-in-a-pear-tree"]]
        assert film.use_until is not None and film.use_until > AFTERWARDS
        assert session.scalar(select(func.count()).where(Asset.use_until.is_not(None))) == 1
    assert {looked_at(store, one) for one in named_files(database)} == {"whole"}


def test_a_picture_that_is_not_there_is_left_out_of_a_text_and_refused_in_the_files(
    tmp_path: Path, newsroom: Sample
) -> None:
    body = '![](asset:one)\n\nText ![x](asset:two "y") and more.'
    assert with_assets(body, {}) == "Text  and more."
    assert with_assets(body, {"one": "1", "two": "2"}) == '![](asset:1)\n\nText ![x](asset:2 "y") and more.'
    home = tmp_path / "sample"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.webp"))
    text = (home / "pictures.toml").read_text("utf-8")
    for before, after, told in (
        ('slug = "gannet-rock"', 'slug = "no-such-file"', "drawn/seen.json"),
        ("kk = ", "uz = ", "has no alt text in its language"),
        ('credit = "Map', 'kredit = "Map', "unknown key 'kredit'"),
    ):
        (home / "pictures.toml").write_text(text.replace(before, after), "utf-8")
        with pytest.raises(SampleError, match=re.escape(told)):
            pictures(newsroom, home)
