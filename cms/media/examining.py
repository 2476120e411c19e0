"""Looking whether a file that is kept as it came is what it begins like: its frame is read, and nothing is decoded.

Each look reads a bounded number of pieces, whatever the file says of their lengths. Source: ISO 32000-2, 7.5; ISO
11172-3, 2.4.1; ID3v2.4, 3.1; RFC 3533, section 6; Multimedia Programming Interface 1.0 (RIFF); ISO 14496-12, 4.2; RFC
8794; RFC 9559. Not here: pictures (`darkroom/`), texts (`webvtt.py`).
"""

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from cms.media.rules import FORMATS, Format

MOST_PIECES = 20_000
# Of what stands within another: tracks of a file, and what is said of each.
MOST_WITHIN = 100
TAIL_BYTES = 2_048
FRAMES_READ = 3
# Kilobits a second by index, of layer III: MPEG 1, and 2 with 2.5. Hertz by version and index.
BITRATES = {True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
            False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}  # fmt: skip
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
OGG_SOUND = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
# Of WAV: samples as numbers of two kinds, two of telephony, and the extensible form of all.
WAV_KINDS = frozenset({1, 3, 6, 7, 0xFFFE})
CONTAINERS = frozenset({b"moov", b"trak", b"mdia"})
EBML, DOC_TYPE, SEGMENT, TRACKS, TRACK, TRACK_TYPE, CLUSTER = (
    0x1A45DFA3, 0x4282, 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0x1F43B675,
)  # fmt: skip
UNKNOWN_LENGTH = -1


class Broken(ValueError):
    """The file is not whole, or not what it begins like; the text says why, for people."""


def examined(path: Path, begins_like: Format) -> Format:
    """What a file is that begins like this. Raises: Broken; OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            return LOOKS[begins_like.name](file, size)
        except (struct.error, IndexError):
            raise Broken("It ends before it should.") from None


def _pdf(file: BinaryIO, size: int) -> Format:
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read(TAIL_BYTES)
    if b"startxref" not in tail or b"%%EOF" not in tail:
        raise Broken("A PDF ends with startxref and %%EOF, and this one does not.")
    return FORMATS["pdf"]


def _mp3(file: BinaryIO, size: int) -> Format:
    place = _after_id3(file)
    first = b""
    for number in range(FRAMES_READ):
        header = _at(file, place, 4)
        if not header and number:
            break
        length = _frame_length(header)
        # Version, layer and rate are those of the first frame in every other one.
        if first and (header[1] & 0x1E, header[2] & 0x0C) != (first[1] & 0x1E, first[2] & 0x0C):
            raise Broken("Its frames are not of one kind.")
        first, place = first or header, place + length
    if place > size:
        raise Broken("It ends within a frame.")
    return FORMATS["mp3"]


def _after_id3(file: BinaryIO) -> int:
    """Where the sound begins: behind the tag that holds title and cover, if there is one."""
    head = _at(file, 0, 10)
    if not head.startswith(b"ID3"):
        return 0
    if head[3] not in (2, 3, 4) or any(byte & 0x80 for byte in head[6:10]):
        raise Broken("Its ID3 tag is damaged.")
    length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _frame_length(header: bytes) -> int:
    """The length of a frame of layer III. Formula: 144 or 72 · bitrate / rate, and one where it is padded."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0 or header[1] >> 1 & 3 != 1:
        raise Broken("It holds no frame of MP3 where one should begin.")
    version, index, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or index in (0, 15) or rate == 3:
        raise Broken("It holds a frame of MP3 that cannot be.")
    per_second = BITRATES[version == 3][index] * 1_000
    return (144 if version == 3 else 72) * per_second // RATES[version][rate] + (header[2] >> 1 & 1)


def _ogg(file: BinaryIO, size: int) -> Format:
    head = _at(file, 0, 27)
    if head[4] != 0 or not head[5] & 2:
        raise Broken("Its first page does not begin a stream.")
    lengths = _at(file, 27, head[26])
    first = _at(file, 27 + head[26], 8)
    if not first.startswith(OGG_SOUND):
        raise Broken("It holds neither Opus, Vorbis, FLAC nor Speex.")
    following = 27 + head[26] + sum(lengths)
    if following >= size or _at(file, following, 4) != b"OggS":
        raise Broken("No page follows its first one.")
    return FORMATS["ogg"]


def _wav(file: BinaryIO, size: int) -> Format:
    place, kind, has_sound = 12, 0, False
    for _ in range(MOST_PIECES):
        if place + 8 > size:
            break
        name, length = struct.unpack("<4sI", _at(file, place, 8))
        if place + 8 + length > size:
            raise Broken("It ends within one of its parts.")
        if name == b"fmt ":
            [kind] = struct.unpack("<H", _at(file, place + 8, 2))
        has_sound = has_sound or (name == b"data" and length > 0)
        place += 8 + length + length % 2
    if kind not in WAV_KINDS or not has_sound:
        raise Broken("It holds no sound in a form that WAV has.")
    return FORMATS["wav"]


def _mp4(file: BinaryIO, size: int) -> Format:
    """Video where a track has moving pictures, else sound."""
    names, handlers = set(), set()
    for name, start, end in _boxes(file, 0, size):
        names.add(name)
        if name == b"moov":
            handlers = set(_handlers(file, start, end, 0))
    if b"moov" not in names or not names & {b"mdat", b"moof"}:
        raise Broken("It has no description, or nothing that it describes.")
    if b"vide" in handlers:
        return FORMATS["mp4"]
    if b"soun" in handlers:
        return FORMATS["m4a"]
    raise Broken("It has neither a track of video nor one of sound.")


def _handlers(file: BinaryIO, start: int, end: int, depth: int) -> Iterator[bytes]:
    for name, inside, over in _boxes(file, start, end, MOST_WITHIN if depth else MOST_PIECES):
        if name == b"hdlr" and depth == 2:
            yield _at(file, inside + 8, 4)
        elif name in CONTAINERS and depth < 2:
            yield from _handlers(file, inside, over, depth + 1)


def _boxes(file: BinaryIO, start: int, end: int, most: int = MOST_PIECES) -> Iterator[tuple[bytes, int, int]]:
    """Boxes side by side. Shape: name, where its content begins, where it ends."""
    for _ in range(most):
        if start == end:
            return
        length, name = struct.unpack(">I4s", _at(file, start, 8))
        inside = start + 8
        if length == 1:
            [length] = struct.unpack(">Q", _at(file, inside, 8))
            inside += 8
        over = end if length == 0 else start + length
        if over < inside or over > end:
            raise Broken("One of its boxes is longer than what holds it.")
        yield name, inside, over
        start = over
    raise Broken("It has more boxes than a file may.")


def _webm(file: BinaryIO, size: int) -> Format:
    elements = _elements(file, 0, size)
    name, start, end = next(elements, (0, 0, 0))
    kinds = [
        _at(file, inside, min(over - inside, 8)) for one, inside, over in _elements(file, start, end) if one == DOC_TYPE
    ]
    if name != EBML or kinds != [b"webm"]:
        raise Broken("It is not of the type WebM.")
    name, start, end = next(elements, (0, 0, 0))
    if name != SEGMENT:
        raise Broken("It holds no segment.")
    for name, inside, over in _elements(file, start, end):
        if name == TRACKS:
            if 1 in _track_types(file, inside, over):
                return FORMATS["webm"]
            break
        if name == CLUSTER:
            break
    raise Broken("It has no track of video.")


def _track_types(file: BinaryIO, start: int, end: int) -> set[int]:
    return {
        _at(file, at, 1)[0]
        for name, inside, over in _elements(file, start, end, MOST_WITHIN)
        if name == TRACK
        for one, at, _ in _elements(file, inside, over, MOST_WITHIN)
        if one == TRACK_TYPE
    }


def _elements(file: BinaryIO, start: int, end: int, most: int = MOST_PIECES) -> Iterator[tuple[int, int, int]]:
    """Elements of EBML side by side; one of unknown length goes on to the end. Shape: as `_boxes`"""
    for _ in range(most):
        if start >= end:
            return
        name, inside = _number(file, start, is_whole=True)
        length, inside = _number(file, inside, is_whole=False)
        over = end if length == UNKNOWN_LENGTH else inside + length
        if over > end:
            raise Broken("One of its elements is longer than what holds it.")
        yield name, inside, over
        start = over
    raise Broken("It has more elements than a file may.")


def _number(file: BinaryIO, place: int, *, is_whole: bool) -> tuple[int, int]:
    """A number of variable length and where it ends. Names are read with the mark of their length, lengths without."""
    first = _at(file, place, 1)[0]
    width = 9 - first.bit_length()
    if width > 8:
        raise Broken("One of its numbers is too long.")
    data = _at(file, place, width)
    if len(data) < width:
        raise Broken("It ends within a number.")
    value = int.from_bytes(data, "big")
    if is_whole:
        return value, place + width
    mask = (1 << 7 * width) - 1
    return (UNKNOWN_LENGTH if value & mask == mask else value & mask), place + width


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place, os.SEEK_SET)
    return file.read(count)


LOOKS: Mapping[str, Callable[[BinaryIO, int], Format]] = {
    "pdf": _pdf, "mp3": _mp3, "ogg": _ogg, "wav": _wav, "mp4": _mp4, "webm": _webm,
}  # fmt: skip
