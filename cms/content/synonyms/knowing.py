"""The synonyms as one API process knows them: made ready once for each change, and looked up for each search."""

import threading

from cms.content.synonyms.queries import all_sets, turn_of
from cms.content.synonyms.rules import concerns
from cms.platform.direct_reads import DirectReads
from search_index.query import Query
from search_index.synonyms import Thesaurus

SYNONYMS = "copydesk-synonyms"


class KnownSynonyms:
    """Reads the sets again when one was changed, by any process; a search costs one read of one row beside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Nobody has changed anything at 0.
        self._turn = 0
        self._sets: list[tuple[list[str], bool, str]] = []
        self._ready: dict[str | None, Thesaurus] = {}

    def expanded(self, reads: DirectReads, query: Query, locale: str | None) -> Query:
        """The query with the words beside it that mean the same in searches of a locale, or of all."""
        turn = turn_of(reads)
        with self._lock:
            if turn != self._turn:
                # Read after the number: a change between the two is read twice and never missed.
                self._sets, self._ready, self._turn = all_sets(reads), {}, turn
            if not self._sets:
                return query
            known = self._ready.get(locale)
            if known is None:
                if len(self._ready) >= 100:
                    self._ready.clear()
                chosen = ((words, is_one_way) for words, is_one_way, where in self._sets if concerns(where, locale))
                known = self._ready[locale] = Thesaurus(chosen)
        return known.expanded(query)
