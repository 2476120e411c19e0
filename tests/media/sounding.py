"""Documents, sounds, videos and texts made for the tests: as small as each kind may be, and whole."""

import struct

VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe harbour opened again.\n"


def pdf(text: str = "A report", pages: int = 1) -> bytes:
    """A PDF that says something."""
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    body += f"2 0 obj<</Type/Pages/Count {pages}/Kids[]/Title({text})>>endobj\n".encode()
    return body + f"trailer<</Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def mp3(frames: int = 4, tag: bytes = b"", seed: int = 0) -> bytes:
    """Frames of 128 kbit/s at 44,100 Hz, behind a tag where there is one."""
    frame = b"\xff\xfb\x90\x00" + bytes([seed]) * (417 - 4)
    size = len(tag)
    head = b"ID3\x04\x00\x00" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + tag if tag else b""
    return head + frame * frames


def wav(samples: bytes = bytes(200), kind: int = 1) -> bytes:
    """Sound in samples of 16 bits."""
    form = struct.pack("<HHIIHH", kind, 1, 8_000, 16_000, 2, 16)
    parts = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WAVE" + parts


def ogg(codec: bytes = b"OpusHead") -> bytes:
    """Two pages of a stream."""
    first = b"OggS\0\2" + bytes(20) + bytes([1, 19]) + codec.ljust(19, b"\0")
    return first + b"OggS\0\4" + bytes(20) + bytes([1, 3]) + b"end"


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of MP4."""
    data = b"".join(parts)
    return struct.pack(">I", 8 + len(data)) + name + data


def mp4(*handlers: bytes, brand: bytes = b"isom") -> bytes:
    """A file with a track for each of these handlers."""
    tracks = [
        box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", box(b"hdlr", bytes(8), one, bytes(13)))) for one in handlers
    ]
    return (
        box(b"ftyp", brand, bytes(4), brand, b"mp42")
        + box(b"moov", box(b"mvhd", bytes(100)), *tracks)
        + box(b"mdat", bytes(40))
    )


def element(name: int, *parts: bytes) -> bytes:
    """An element of EBML."""
    data = b"".join(parts)
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (0x10000000 | len(data)).to_bytes(4, "big") + data


def webm(kind: int = 1, doc_type: bytes = b"webm") -> bytes:
    """A file with a track of this type."""
    track = element(0xAE, element(0xD7, b"\1"), element(0x83, bytes([kind])))
    return element(0x1A45DFA3, element(0x4282, doc_type)) + element(
        0x18538067, element(0x1549A966, bytes(9)), element(0x1654AE6B, track), element(0x1F43B675, bytes(20))
    )
