"""What goes wrong with an index, and how the many errors of a damaged file become one.

The index is disposable: whoever meets these says "not now" to a reader, or builds it again.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

# A full disk or a full table of files says nothing about the index; building it again would not help.
NOT_THE_INDEX = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class IndexUnavailable(Exception):
    """There is no index that can be searched at this moment."""


class IndexBroken(IndexUnavailable):
    """The index is missing or damaged, and stays so until it is built again."""


@contextmanager
def damage_as(kind: type[IndexUnavailable]) -> Iterator[None]:
    """Turn whatever a missing or damaged file makes the library raise into one error. Raises: `kind`."""
    try:
        yield
    except IndexUnavailable as error:
        if isinstance(error, kind):
            raise
        raise kind(str(error)) from error
    except OSError as error:
        if error.errno in NOT_THE_INDEX:
            raise
        raise kind(f"the index cannot be read: {type(error).__name__}: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # a truncated pickle or posting list can raise nearly anything
        raise kind(f"the index is damaged: {type(error).__name__}: {error}") from error
