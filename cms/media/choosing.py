"""Which store is meant: the folder of the home, or a bucket, as the settings say."""

import importlib

from cms.media.both import Both
from cms.media.storing import LocalStore, Store
from cms.media_settings import FOLDER
from cms.settings import Settings

# By its name and not at the head of this module: its library takes 9 MB of each process, and most have no bucket.
BUCKET = "cms.media.bucket"


def chosen_store(settings: Settings) -> Store:
    """The store of this installation; both, while files move from one to the other."""
    into = named_store(settings, settings.media_store)
    if not settings.media_store_before:
        return into
    return Both(into, named_store(settings, settings.media_store_before))


def named_store(settings: Settings, name: str) -> Store:
    """The store of this name, which the settings have checked."""
    if name == FOLDER:
        return LocalStore(settings.media_home)
    store: Store = importlib.import_module(BUCKET).S3Store(name, settings, settings.media_home)
    return store
