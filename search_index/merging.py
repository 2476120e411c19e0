"""Which small segments to join, so that there are never many.

Segments are sorted into levels by their live documents, each level eight times the one below; eight of a level become
one of the next. Large segments are left alone: joining them takes longer than a publish may wait; a rebuild does it.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

from search_index.segment import Segment
from search_index.snapshot import Snapshot

PER_LEVEL = 8
# Eight of these are joined in a few seconds; nothing larger is touched.
LARGEST_JOINED = 256


def worth_merging(snapshot: Snapshot) -> frozenset[str]:
    """Ids of segments to join; empty when all is tidy."""
    levels: dict[int, list[str]] = defaultdict(list)
    wasteful = set()
    for segment, gone in snapshot:
        live = segment.documents - len(gone)
        if live == 0 or (live <= LARGEST_JOINED and live < len(gone)):
            wasteful.add(segment.id)
        elif live <= LARGEST_JOINED:
            levels[_level(live)].append(segment.id)
    crowded = [ids for ids in levels.values() if len(ids) >= PER_LEVEL]
    if not crowded:
        # A segment or two that are mostly gone cost readers little: they wait for the next joining.
        return frozenset(wasteful) if len(wasteful) >= PER_LEVEL else frozenset()
    return frozenset(wasteful.union(*crowded))


def merge(writer: Any, segments: list[Any], chosen: frozenset[str]) -> list[Any]:
    """A merge policy as the library wants it: copies the chosen segments' documents, returns the others.

    The library's own copying asks for every posting by itself, and takes five times as long.
    """
    kept = [described for described in segments if described.segment_id() not in chosen]
    for described in segments:
        if described.segment_id() in chosen and described.doc_count():
            segment = Segment(Path(writer.storage.folder), described, is_read_whole=True)
            try:
                moved = segment.copy_documents(writer)
                for field, term, postings in segment.all_postings():
                    writer.pool.extend(field, term, postings, moved)
                writer._added = True
            finally:
                segment.close()
    return kept


def _level(live: int) -> int:
    level = 0
    while live >= PER_LEVEL:
        live //= PER_LEVEL
        level += 1
    return level
