"""Pictures drawn for the tests, and forms that send them."""

import io
import json
import random
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from PIL import Image, ImageDraw


@cache
def picture(kind: str = "jpeg", width: int = 120, height: int = 80, seed: int = 1, **options: Any) -> bytes:
    """A picture with a few discs, as a file of this kind; another seed makes another one."""
    chance = random.Random(seed)
    drawn = Image.new("RGB", (width, height), (chance.randrange(256), chance.randrange(256), 90))
    pen = ImageDraw.Draw(drawn)
    for _ in range(6):
        x, y, size = chance.randrange(width), chance.randrange(height), 4 + chance.randrange(20)
        colour = tuple(chance.randrange(256) for _ in range(3))
        pen.ellipse((x, y, x + size, y + size), fill=colour)
    return saved(drawn, kind, **options)


def saved(drawn: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file of this kind."""
    held = io.BytesIO()
    drawn.save(held, kind.upper(), **options)
    return held.getvalue()


def form(data: bytes, name: str = "picture.jpg", **said: Any) -> dict[str, Any]:
    """The options of a request that sends a file, with what is said of it; they can be used again."""
    parts = [(f'name="file"; filename="{name}"', data)]
    if said:
        parts.append(('name="data"', json.dumps(said).encode()))
    body = b"".join(
        f"--x7\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode() + part + b"\r\n" for named, part in parts
    )
    return {"data": body + b"--x7--\r\n", "content_type": "multipart/form-data; boundary=x7"}


def send(client: FlaskClient, data: bytes, name: str = "picture.jpg", headers: Any = None, **said: Any) -> Any:
    """Send a file, with what is said of it."""
    return client.post("/api/v1/assets", headers=headers, **form(data, name, **said))
