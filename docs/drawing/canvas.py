"""A sheet to draw on, in units of its own, and the colours that the pictures share."""

import math
import random
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw

# Units across and down; drawn twice as large as the picture is, so that its edges are smooth.
ACROSS, DOWN = 1600, 900
WIDTH, HEIGHT = 1280, 720
SCALE = 2 * WIDTH / ACROSS
Point = tuple[float, float]

INK, NIGHT, PAPER, SNOW = "#1d2b3a", "#101a2b", "#f3ecdf", "#fdfaf3"
RED, OCHRE, LAMP, ROSE = "#8a1c2b", "#d79b3c", "#ffd982", "#d98f7a"
RIVER, DEEP, GRASS, MOSS, STONE, SAND = "#5b8ca0", "#2f5d73", "#7f9b6a", "#4f6b4c", "#8d8a83", "#d8c39a"


class Canvas:
    """A sheet of 1600 × 900 units, with the origin at the top left."""

    def __init__(self, ground: str) -> None:
        self.sheet = Image.new("RGB", (round(ACROSS * SCALE), round(DOWN * SCALE)), ground)
        self.pen = ImageDraw.Draw(self.sheet)

    def sky(self, colours: Sequence[str], bottom: float = DOWN) -> None:
        """Bands of colour from the top down to a line."""
        step = bottom / len(colours)
        for number, colour in enumerate(colours):
            self.box(0, number * step, ACROSS, (number + 1) * step, colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str, edge: str | None = None) -> None:
        """A rectangle; with an edge it is outlined."""
        corners = [_at((left, top)), _at((right, bottom))]
        self.pen.rectangle(corners, fill=colour, outline=edge, width=round(5 * SCALE))

    def shape(self, points: Iterable[Point], colour: str) -> None:
        """A polygon."""
        self.pen.polygon([_at(point) for point in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: str, tall: float = 1.0) -> None:
        """A circle, or an ellipse that is `tall` times as high as wide."""
        self.pen.ellipse([_at((x - radius, y - radius * tall)), _at((x + radius, y + radius * tall))], fill=colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: str, tall: float = 1.0) -> None:
        """The outline of a circle or an ellipse."""
        corners = [_at((x - radius, y - radius * tall)), _at((x + radius, y + radius * tall))]
        self.pen.ellipse(corners, outline=colour, width=round(width * SCALE))

    def line(self, points: Sequence[Point], width: float, colour: str) -> None:
        """A line through points."""
        self.pen.line([_at(point) for point in points], fill=colour, width=round(width * SCALE), joint="curve")

    def dashes(self, left: float, right: float, y: float, width: float, colour: str) -> None:
        """A line of dashes across."""
        for x in range(round(left), round(right), 28):
            self.line([(x, y), (min(x + 16, right), y)], width, colour)

    def stars(self, count: int, bottom: float, seed: int) -> None:
        """Stars above a line; the same for the same seed."""
        chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
        for _ in range(count):
            self.disc(chance.uniform(0, ACROSS), chance.uniform(0, bottom), chance.uniform(1, 3), PAPER)

    def finished(self) -> Image.Image:
        """The picture in its size."""
        return self.sheet.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def arc(x: float, y: float, radius: float, begin: float, end: float, count: int = 40) -> list[Point]:
    """Points on a circle. Units: degrees, clockwise from the right."""
    angles = (math.radians(begin + (end - begin) * number / (count - 1)) for number in range(count))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def wave(left: float, right: float, y: float, height: float, length: float) -> list[Point]:
    """Points of a wave across."""
    return [(x, y + height * math.sin(x / length)) for x in range(round(left), round(right) + 1, 10)]


def _at(point: Point) -> tuple[float, float]:
    return point[0] * SCALE, point[1] * SCALE
