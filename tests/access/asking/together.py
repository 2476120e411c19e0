"""How every route is asked, by its method and rule; a route that is not here is asked by its rule alone."""

from tests.access.asking import articles, identity, media, readers, words

ASK = {**articles.ASK, **words.ASK, **identity.ASK, **readers.ASK, **media.ASK}
