"""BlurHash: a picture in some twenty characters, for what stands in its place until it is there.

Source: https://github.com/woltapp/blurhash, Algorithm.md. Plain Python, for 32 × 32 pixels.
"""

from collections.abc import Sequence
from math import cos, pi

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
COLUMNS, ROWS = 4, 3
Colour = tuple[float, float, float]


def blurhash(pixels: Sequence[tuple[int, int, int]], width: int, height: int) -> str:
    """The hash of sRGB pixels, row by row, with 4 × 3 components."""
    linear = [tuple(LINEAR[part] for part in pixel[:3]) for pixel in pixels]
    parts = [_part(linear, width, height, i, j) for j in range(ROWS) for i in range(COLUMNS)]
    mean, others = parts[0], parts[1:]
    largest = max(abs(value) for part in others for value in part)
    step = max(0, min(82, int(largest * 166 - 0.5)))
    scale = (step + 1) / 166
    text = _digits(COLUMNS - 1 + (ROWS - 1) * 9, 1) + _digits(step, 1)
    text += _digits((_srgb(mean[0]) << 16) + (_srgb(mean[1]) << 8) + _srgb(mean[2]), 4)
    return text + "".join(_digits(_coded(part, scale), 2) for part in others)


def _part(linear: Sequence[tuple[float, ...]], width: int, height: int, i: int, j: int) -> Colour:
    across = [cos(pi * i * x / width) for x in range(width)]
    down = [cos(pi * j * y / height) for y in range(height)]
    sums = [0.0, 0.0, 0.0]
    for y in range(height):
        for x in range(width):
            basis = across[x] * down[y]
            pixel = linear[y * width + x]
            for band in range(3):
                sums[band] += basis * pixel[band]
    factor = (1 if i == j == 0 else 2) / (width * height)
    return sums[0] * factor, sums[1] * factor, sums[2] * factor


def _coded(part: Colour, scale: float) -> int:
    code = 0
    for value in part:
        share = value / scale
        root = abs(share) ** 0.5 * (1 if share >= 0 else -1)
        code = code * 19 + max(0, min(18, int(root * 9 + 9.5)))
    return code


def _digits(value: int, length: int) -> str:
    return "".join(DIGITS[value // 83 ** (length - place - 1) % 83] for place in range(length))


def _to_linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _srgb(value: float) -> int:
    share = max(0.0, min(1.0, value))
    return int((share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055) * 255 + 0.5)


LINEAR = [_to_linear(value) for value in range(256)]
