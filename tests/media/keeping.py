"""Assets whose files are a few bytes each, kept without a look at them: for tests of where files are."""

import hashlib

from cms.media.adding import add_asset
from cms.media.rules import NewAsset, Received
from cms.media.storing import ORIGINALS, Store
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database


def keep_some(database: Database, store: Store, count: int) -> set[str]:
    """Keep so many small files with their rows; gives their digests."""
    store.incoming.mkdir(parents=True, exist_ok=True)
    digests = set()
    for number in range(count):
        data = f"file {number}".encode() * 50
        digest = hashlib.sha256(data).hexdigest()
        source = store.incoming / f"{number}.part"
        source.write_bytes(data)
        store.put(ORIGINALS, digest, source)
        received = Received("a.png", digest, len(data), "image/png", 9, 9, (0.5, 0.5), "#000000", "x")
        with database.transaction() as session:
            add_asset(session, system("test"), store, NewAsset(received), now())
        digests.add(digest)
    return digests
