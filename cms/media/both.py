"""Two stores as one, while files move from one to the other: new ones go to the new store, and all are read from
wherever they are.

Not here: moving them (`moving.py`).
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cms.media.storing import Store, StoreAway


@dataclass(frozen=True)
class Both:
    """`into` has what came since it is the store; `before` what was not moved yet, and nothing new.

    What is in neither is looked for in `into` once more: it may have been moved between the two looks.
    """

    into: Store
    before: Store

    @property
    def name(self) -> str:
        """What operators call it."""
        return f"{self.into.name}, and {self.before.name} until all is moved"

    @property
    def incoming(self) -> Path:
        """Where files are while they come in."""
        return self.into.incoming

    @property
    def at_once(self) -> int:
        """How many files may be looked at and removed within one transaction."""
        return min(self.into.at_once, self.before.at_once)

    @property
    def is_here(self) -> bool:
        """Whether files are on the disks of this machine, or some of them."""
        return self.into.is_here or self.before.is_here

    def put(self, area: str, sha256: str, source: Path) -> None:
        """Keep a file in the new store."""
        self.into.put(area, sha256, source)

    def has(self, area: str, sha256: str) -> bool:
        """Whether a file is in one of them."""
        return any(store.has(area, sha256) for store in (self.into, self.before, self.into))

    def has_all(self, area: str, digests: Collection[str]) -> bool:
        """Whether each of these is in one of them."""
        return self.into.has_all(area, digests) or all(self.has(area, sha256) for sha256 in digests)

    def age(self, area: str, sha256: str) -> float | None:
        """How long ago a file was put into one of them last."""
        ages = [store.age(area, sha256) for store in (self.into, self.before)]
        return min((age for age in ages if age is not None), default=None)

    def pieces(self, area: str, sha256: str, start: int = 0, count: int | None = None) -> Iterable[bytes]:
        """Bytes of a file from where it is. Raises: FileNotFoundError; StoreAway."""
        for store in (self.into, self.before):
            # A store that does not answer does not keep from readers what the other one has.
            with suppress(FileNotFoundError, StoreAway):
                return store.pieces(area, sha256, start, count)
        return self.into.pieces(area, sha256, start, count)

    @contextmanager
    def at_hand(self, area: str, sha256: str) -> Iterator[Path]:
        """A path where a program finds the whole file meanwhile. Raises: FileNotFoundError; StoreAway."""
        with ExitStack() as held:
            path = None
            for store in (self.into, self.before):
                with suppress(FileNotFoundError, StoreAway):
                    path = held.enter_context(store.at_hand(area, sha256))
                    break
            yield path or held.enter_context(self.into.at_hand(area, sha256))

    def remove(self, area: str, sha256: str) -> None:
        """Remove a file from both."""
        for store in (self.before, self.into):
            store.remove(area, sha256)

    def old(self, area: str, seconds: float) -> Iterator[str]:
        """The digests of files that are in one of them for so long already; those in both twice."""
        for store in (self.before, self.into):
            yield from store.old(area, seconds)

    def drop_unfinished(self, seconds: float) -> int:
        """Remove what began to come in so long ago and never came whole; gives how many files."""
        return self.into.drop_unfinished(seconds)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing be tidied away meanwhile, where a store can."""
        with self.before.held(), self.into.held():
            yield

    @contextmanager
    def tidied(self) -> Iterator[bool]:
        """Whether something may be tidied away meanwhile."""
        with self.before.tidied() as is_free, self.into.tidied() as is_free_too:
            yield is_free and is_free_too

    def check(self) -> None:
        """See whether both can be used. Raises: StoreAway."""
        for store in (self.into, self.before):
            store.check()
