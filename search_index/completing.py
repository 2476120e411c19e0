"""Goes on with what somebody has begun to type: headlines, and names of tags and people."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from search_index.analysis import IS_UNSPACED, WORD, beginning, elements, fold
from search_index.engine import Completion
from search_index.query import NOTHING, Limit, Query, Restriction, Unit
from search_index.schema import PART
from search_index.segment import Segment
from search_index.snapshot import Snapshot

FEWEST_LETTERS = 2
MOST_WORDS = 6
# Names with the same beginning that are looked at: one letter of a large site begins thousands.
MOST_LABELS = 500


@dataclass(frozen=True)
class Label:
    """A name that documents of a segment bear."""

    kind: str
    slug: str
    name: str
    words: frozenset[str]
    documents: frozenset[int]


class Labels:
    """The names in one segment, by how their words begin. Made with the first question, and kept."""

    def __init__(self, segment: Segment) -> None:
        self._labels: list[Label] = []
        begun: list[tuple[str, int]] = []
        for term in segment.all_terms("label"):
            postings = segment.postings("label", term)
            kind, slug, name = term.split(PART, 2)
            words = frozenset(words_of(name))
            number = len(self._labels)
            self._labels.append(Label(kind, slug, name, words, frozenset(postings.documents if postings else ())))
            begun += [(word, number) for word in words]
        self._begun = sorted(begun)

    def beginning_with(self, word: str) -> Iterator[Label]:
        """The names with a word that begins so."""
        seen = set()
        for at in range(bisect_left(self._begun, (word, -1)), len(self._begun)):
            held, number = self._begun[at]
            if not held.startswith(word):
                return
            if number not in seen:
                seen.add(number)
                yield self._labels[number]


def title_query(text: str, locale: str | None) -> Query | None:
    """Articles whose title has all words of a text, the last one only begun; None where too little was typed."""
    words = WORD.findall(fold(text))[:MOST_WORDS]
    if not words:
        return None
    last = words[-1]
    begun = None if IS_UNSPACED.match(last) else beginning(last, FEWEST_LETTERS)
    units = [Unit(tuple(found), is_phrase=True) for word in words[:-1] if (found := elements(word))]
    if begun is not None:
        units.append(Unit((begun,)))
    elif IS_UNSPACED.match(last):
        units.append(Unit(tuple(elements(last)), is_phrase=True))
    if not units:
        return None
    titles: list[Limit] = [Restriction("title", "", unit) for unit in units]
    if locale is not None:
        titles.append(Restriction("locale", fold(locale), NOTHING))
    return Query((), tuple(titles))


def completed_names(snapshot: Snapshot, text: str, locale: str | None, limit: int) -> list[Completion]:
    """Tags and people whose name has all words of a text, the last one only begun; those of most articles first."""
    *whole, last = begun_words(text) or [""]
    if not last:
        return []
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for segment, gone in snapshot:
        spoken = segment.postings("locale", fold(locale)) if locale is not None else None
        if locale is not None and spoken is None:
            continue
        hidden = gone if spoken is None else gone | (set(range(segment.documents)) - set(spoken.documents))
        for label in islice(segment.labels(Labels).beginning_with(last), MOST_LABELS):
            count = len(label.documents - hidden)
            if count and all(word in label.words for word in whole):
                counts[label.kind, label.slug][label.name] += count
    found = [
        Completion(kind, slug, max(names, key=lambda name: (names[name], name)), sum(names.values()))
        for (kind, slug), names in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.name, one.kind))[:limit]


def begun_words(text: str) -> list[str]:
    """The words that names must have, the last of them only begun; none where too little was typed."""
    words = WORD.findall(fold(text))[:MOST_WORDS]
    is_enough = len(words) > 1 or any(len(one) >= FEWEST_LETTERS or IS_UNSPACED.match(one) for one in words)
    return words if is_enough else []


def words_of(name: str) -> Iterator[str]:
    """What somebody may begin to type of a name."""
    for word in WORD.findall(fold(name)):
        if IS_UNSPACED.match(word):
            # Any of its characters may be where somebody begins.
            yield from (word[at:] for at in range(min(len(word), 20)))
        else:
            yield word
