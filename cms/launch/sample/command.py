"""`copydesk sample`: the sample newsroom, or any number of generated articles, into the database."""

import click

from cms.launch.sample.commenting import load_comments
from cms.launch.sample.generate import LAST_AT, generated
from cms.launch.sample.loading import is_fresh, is_noted, load_articles, load_words, note_loading
from cms.launch.sample.picturing import asset_ids, load_pictures
from cms.launch.sample.picturing import pictures as read_pictures
from cms.launch.sample.planning import load_lists, load_plans
from cms.launch.sample.reading import plans as read_plans
from cms.launch.sample.reading import sample as read_sample
from cms.launch.sample.reading import talk as read_talk
from cms.media.choosing import chosen_store
from cms.platform.clock import now
from cms.platform.opening import existing_database
from cms.settings import Settings


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing where other articles are.")
@click.option("--generate", type=click.IntRange(1, 1_000_000), help="That many generated articles instead.")
@click.pass_obj
def sample(settings: Settings, if_empty: bool, generate: int | None) -> None:
    """Load the sample newsroom; what is there already stays as it is."""
    newsroom = read_sample()
    # What is lost in a power cut can be loaded again, so nothing waits for the disk here.
    database = existing_database(settings, is_durable=False)
    try:
        if if_empty and not is_fresh(database, newsroom):
            click.echo("There are other articles; nothing was loaded.")
            return
        load_words(database, newsroom, now())
        if generate is not None:
            loaded = load_articles(database, generated(generate), LAST_AT, now)
        else:
            newest = max(article.published_at for article in newsroom.articles)
            drawn, is_first = read_pictures(newsroom), not is_noted(database, "sample")
            # What editors deleted of it after the first loading does not come back.
            if is_first:
                load_pictures(database, chosen_store(settings), drawn, now())
            loaded = load_articles(database, newsroom.articles, newest, now, asset_ids(database, drawn))
            if loaded.new or is_first:
                arranged = read_plans(newsroom)
                load_lists(database, arranged.lists, now())
                load_plans(database, newsroom.planned, arranged.plans, now())
                said = read_talk(newsroom)
                load_comments(database, said.readers, said.comments, now())
        note_loading(database, loaded, "generated" if generate is not None else "sample", now())
    finally:
        database.dispose()
    click.echo(f"Loaded {loaded.new} articles; {loaded.known} were there.")
