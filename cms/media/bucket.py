"""Keeping files in a bucket of a store that speaks S3. Loaded where a setting names one, and only then (ADR 20).

A file appears in a bucket whole or not at all: what is interrupted leaves at most parts that nobody sees. The library
signs the digest of what it sends, and the store refuses other bytes. Not here: which store is meant (`choosing.py`).
"""

import re
import secrets
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from obstore import exceptions
from obstore.store import S3Store as Bucket

from cms.media.rules import SHA256
from cms.media.storing import PIECE_BYTES, StoreAway, drop_old
from cms.media_settings import MediaSettings

# Larger files go in parts of this size, one after the other, so that memory holds one of them.
PART_BYTES = 5 << 20
CONNECT = timedelta(seconds=2)
# Looking and removing happen within transactions, which others wait for; so they are given up soon.
QUICK = timedelta(seconds=3)
# A part has so long to go out, however slow the line is.
SENDING = timedelta(seconds=60)
# Between two pieces; a reader who is slow himself does not count.
READING = timedelta(seconds=5)
LONGEST_ANSWER = timedelta(hours=2)
LOOKED_FOR_AT_ONCE = 8
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
STATUS = re.compile(r"status code: (\d{3})")
CHECKED = "check"


class S3Store:
    """Files in a bucket, below a prefix; safe for threads. Its connections are made with the first request, so after
    a process was forked."""

    at_once = 5
    is_here = False

    def __init__(self, address: str, told: MediaSettings, home: Path) -> None:
        bucket, _, prefix = address.removeprefix("s3://").strip("/").partition("/")
        self.name = address.rstrip("/")
        self.incoming = home / "incoming"
        self._line = Line(f"{self.name}{_at(told)}")

        def opened(retries: int, **times: timedelta) -> Bucket:
            return _bucket(bucket, prefix, told, retries, times)

        self._quick = opened(0, timeout=QUICK)
        self._sending = opened(1, timeout=SENDING)
        self._reading = opened(1, timeout=LONGEST_ANSWER, read_timeout=READING)
        self._anonymous = lambda: _bucket(bucket, prefix, told, 0, {"timeout": QUICK}, is_signed=False)

    def put(self, area: str, sha256: str, source: Path) -> None:
        """Keep a file that is on the disk whole; its path is gone afterwards. Raises: StoreAway."""
        with self._line.asked():
            self._sending.put(_key(area, sha256), source, chunk_size=PART_BYTES, max_concurrency=1)
        source.unlink()

    def has(self, area: str, sha256: str) -> bool:
        """Whether a file is there. Raises: StoreAway."""
        return self.age(area, sha256) is not None

    def has_all(self, area: str, digests: Collection[str]) -> bool:
        """Whether all of these are there. Raises: StoreAway."""
        with ThreadPoolExecutor(LOOKED_FOR_AT_ONCE) as pool:
            return all(pool.map(lambda sha256: self.has(area, sha256), digests))

    def age(self, area: str, sha256: str) -> float | None:
        """How long ago a file was put there last, by the clock of the store. Raises: StoreAway."""
        with suppress(FileNotFoundError), self._line.asked():
            return time.time() - self._quick.head(_key(area, sha256))["last_modified"].timestamp()
        return None

    def pieces(self, area: str, sha256: str, start: int = 0, count: int | None = None) -> Iterable[bytes]:
        """Bytes of a file, as they come. Raises: FileNotFoundError; StoreAway."""
        if count == 0:
            return [b""]
        part: Any = {"range": (start, start + count)} if count is not None else {"range": {"offset": start}}
        with self._line.asked():
            found = self._reading.get(_key(area, sha256), options=part if start or count is not None else None)
        return self._as_they_come(iter(found.stream(min_chunk_size=PIECE_BYTES)))

    @contextmanager
    def at_hand(self, area: str, sha256: str) -> Iterator[Path]:
        """A copy on this machine, gone afterwards. Raises: FileNotFoundError; StoreAway; OSError."""
        pieces = self.pieces(area, sha256)
        self.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = self.incoming / f"{secrets.token_hex(16)}.copy"
        try:
            with copy.open("xb") as file:
                file.writelines(pieces)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def remove(self, area: str, sha256: str) -> None:
        """Remove a file, if it is there. Raises: StoreAway."""
        with self._line.asked():
            self._quick.delete(_key(area, sha256))

    def old(self, area: str, seconds: float) -> Iterator[str]:
        """The digests of files that are there for so long already. Raises: StoreAway."""
        until = time.time() - seconds
        with self._line.asked():
            portions = iter(self._sending.list(f"{area}/"))
        while True:
            with self._line.asked():
                portion = next(portions, None)
            if portion is None:
                return
            for found in portion:
                name = found["path"].rpartition("/")[2]
                if SHA256.fullmatch(name) and found["last_modified"].timestamp() < until:
                    yield name

    def drop_unfinished(self, seconds: float) -> int:
        """Remove what began to come in so long ago and never came whole; gives how many files.

        Parts that an interrupted upload left in the bucket are dropped by a rule of the bucket's own.
        """
        return drop_old(self.incoming, seconds)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A bucket knows no locks: what is deleted meanwhile may be gone."""
        yield

    @contextmanager
    def tidied(self) -> Iterator[bool]:
        """Whether something may be tidied away meanwhile."""
        yield True

    def check(self) -> None:
        """See whether files can be kept, read, listed and removed, and that strangers cannot. Raises: StoreAway."""
        key = f"{CHECKED}/{secrets.token_hex(16)}"
        with self._line.asked():
            self._sending.put(key, b"Copydesk looks whether it can keep files here.")
            try:
                self._reading.get(key).bytes()
                next(iter(self._sending.list(f"{CHECKED}/")), None)
                self._refuse_public(key)
            finally:
                self._quick.delete(key)

    def _refuse_public(self, key: str) -> None:
        with suppress(exceptions.BaseError, FileNotFoundError, PermissionError):
            self._anonymous().get(key).bytes()
            raise StoreAway(f"{self._line.name} lets everybody read its files; make the bucket private")

    def _as_they_come(self, stream: Iterator[Any]) -> Iterator[bytes]:
        while True:
            with self._line.asked():
                piece = next(stream, None)
            if piece is None:
                return
            yield bytes(piece)


class Line:
    """The line to a bucket: what goes wrong becomes words for people, without a word of what was sent.

    While the store does not answer, one asks at a time, and the others are told at once: threads that wait for it would
    be missing where texts are saved.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._silent = ""
        self._turn = threading.Lock()

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask the store something. Raises: FileNotFoundError; StoreAway."""
        is_mine = bool(self._silent)
        if is_mine and not self._turn.acquire(blocking=False):
            raise StoreAway(self._silent)
        try:
            yield
            self._silent = ""
        except FileNotFoundError as error:
            self._silent = ""
            if _code(error) == "NoSuchBucket":
                raise StoreAway(f"{self.name}: there is no such bucket") from None
            raise FileNotFoundError("there is no such file in the bucket") from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
            self._silent = ""
            raise StoreAway(
                f"{self.name} refuses what Copydesk does there ({_code(error) or 'no reason given'})"
            ) from None
        except exceptions.BaseError as error:
            self._silent = f"{self.name} does not answer as it should ({_code(error) or _status(error)})"
            raise StoreAway(self._silent) from None
        finally:
            if is_mine:
                self._turn.release()


def _bucket(
    bucket: str, prefix: str, told: MediaSettings, retries: int, times: dict[str, timedelta], *, is_signed: bool = True
) -> Bucket:
    keys: Any = {"access_key_id": told.media_store_key, "secret_access_key": told.media_store_secret}
    given: Any = (keys if told.media_store_key else {}) if is_signed else {"skip_signature": True}
    if told.media_store_endpoint:
        given["endpoint"] = told.media_store_endpoint.rstrip("/")
    client: Any = {"connect_timeout": CONNECT, "allow_http": told.media_store_endpoint.startswith("http:"), **times}
    return Bucket(
        bucket,
        # One file by one request, which every store knows; not all know how to delete many.
        disable_bulk_delete=True,
        prefix=prefix or None,
        region=told.media_store_region,
        client_options=client,
        retry_config={
            "max_retries": retries,
            "backoff": {"max_backoff": timedelta(seconds=1)},
            "retry_timeout": SENDING,
        },
        **given,
    )


def _at(told: MediaSettings) -> str:
    host = urlsplit(told.media_store_endpoint).netloc
    return f" at {host}" if host else ""


def _key(area: str, sha256: str) -> str:
    assert SHA256.fullmatch(sha256), "a file is named by the digest of its bytes"
    return f"{area}/{sha256[:2]}/{sha256}"


def _code(error: BaseException) -> str:
    found = CODE.search(str(error))
    return found[1] if found is not None else ""


def _status(error: BaseException) -> str:
    found = STATUS.search(str(error))
    return f"HTTP {found[1]}" if found is not None else "no answer"
