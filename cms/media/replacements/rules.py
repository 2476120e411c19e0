"""What another file leaves as it is of an asset. Plain Python."""

from dataclasses import dataclass

from cms.media.rules import Received

# Sides of two pictures may differ by so much and the point that crops keep still means the same place.
ALIKE = 0.02
MOST_TOLD = 100


@dataclass(frozen=True)
class ReplaceFile:
    """Another file for an asset, on one revision of it."""

    asset_id: str
    revision: int
    received: Received


def has_same_shape(before: tuple[int | None, int | None], after: tuple[int | None, int | None]) -> bool:
    """Whether two pictures have nearly the same ratio of their sides, so that a place in one is that place in the
    other; False where one of them is no picture."""
    if None in before or None in after:
        return False
    (width, height), (across, down) = before, after
    assert width and height and across and down
    return abs(width * down - across * height) <= ALIKE * max(width * down, across * height)
