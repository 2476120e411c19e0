"""Asking the darkroom: starts the program that opens pictures, for one picture, and ends it when its time is over."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from cms.platform.errors import FieldError, Invalid, Unavailable

log = structlog.get_logger("copydesk.media")
PROGRAM = (sys.executable, "-I", "-m", "cms.media.darkroom.developing")
# Beside the limit of its processor time, for what waits instead of working.
LONGEST_SECONDS = 20
PATIENCE_SECONDS = 15
# A picture of 40 megapixels in thirty sizes and formats takes ten.
RENDERING_CPU_SECONDS = 60
RENDERING_SECONDS = 120
# Nothing of the environment of this process: it holds secrets.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True)
class Darkroom:
    """The places in the darkroom of one process: so many pictures are open at once, and no more."""

    places: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(1))

    def look(self, path: Path, format_name: str, pointer: str = "/file") -> dict[str, Any]:
        """What a picture is. Shape: {"width", "height", "colour", "blurhash", "focal_point", "credit"}

        Raises: Invalid (`undecodable`), at this pointer; Unavailable where every place is taken for long.
        """
        return self._ask({"do": "look", "path": str(path), "format": format_name}, pointer)

    def render(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Make renditions in a folder. Shape: [{"preset", "format", "width", "height"}], file by file.

        Raises: Invalid (`undecodable`); Unavailable where every place is taken for long.
        """
        limits = {"cpu_seconds": RENDERING_CPU_SECONDS}
        done = self._ask({"do": "render", **limits, **order}, "/file", RENDERING_SECONDS)
        files: list[dict[str, Any]] = done["files"]
        return files

    def _ask(self, order: dict[str, Any], pointer: str, seconds: float = LONGEST_SECONDS) -> dict[str, Any]:
        if not self.places.acquire(timeout=PATIENCE_SECONDS):
            raise Unavailable("Other pictures are being looked at; send it again.", headers={"Retry-After": "5"})
        try:
            done = develop(order, seconds)
        finally:
            self.places.release()
        if "refused" in done:
            raise Invalid(errors=[FieldError(pointer, "undecodable", done["refused"])])
        return done


def develop(order: dict[str, Any], seconds: float = LONGEST_SECONDS) -> dict[str, Any]:
    """What the program says to an order; a refusal where it was ended, or ended itself."""
    try:
        ended = subprocess.run(  # noqa: S603  # the program is our own, and what was sent is no part of the command
            PROGRAM,
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=seconds,
            env=ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "It takes longer to open than a picture may."}
    if ended.returncode == 0:
        done: dict[str, Any] = json.loads(ended.stdout)
        return done
    log.warning(
        "picture_ended_its_process", status=ended.returncode, said=ended.stderr[-500:].decode("utf-8", "replace")
    )
    return {"refused": "It takes more time or memory to open than a picture may, or is damaged."}
