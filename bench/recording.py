"""A short moving picture out of screenshots: an animated WebP, which browsers play without a program."""

import base64
import struct
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import CDPSession, Page

QUALITY = 55  # of 100: letters stay sharp, and a frame of 1280 x 800 takes some 30 kB
_PICTURES = (b"VP8 ", b"VP8L", b"ALPH")  # the chunks of a still picture that a frame holds


class Recording:
    """Frames in memory until `save`; all of one size. Source: Google, "WebP Container Specification", animation."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: list[tuple[bytes, float]] = []
        self._size = (0, 0)
        self._session: CDPSession | None = None

    def add(self, page: Page, seconds: float) -> None:
        """Show what is on the screen now for so long."""
        size = page.viewport_size
        assert size is not None, "a page in a window of no fixed size has no frames of one size"
        self._size = (size["width"], size["height"])
        self._session = self._session or page.context.new_cdp_session(page)
        taken = self._session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        self._frames.append((base64.b64decode(taken["data"]), seconds))

    def save(self) -> None:
        """Write the picture; it plays for ever. Raises ValueError without frames."""
        if not self._frames:
            raise ValueError("Nothing was recorded.")
        width, height = (_three(side - 1) for side in self._size)
        out = [_chunk(b"VP8X", bytes([0b10, 0, 0, 0]) + width + height), _chunk(b"ANIM", struct.pack("<IH", 0, 0))]
        for picture, seconds in self._frames:
            shown = b"".join(_chunk(kind, data) for kind, data in _chunks(picture) if kind in _PICTURES)
            place = _three(0) * 2 + width + height + _three(round(seconds * 1000)) + bytes([0b10])  # drawn over, whole
            out.append(_chunk(b"ANMF", place + shown))
        self._path.write_bytes(_chunk(b"RIFF", b"WEBP" + b"".join(out)))


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(b"RIFF....WEBP")
    while place < len(picture):
        (length,) = struct.unpack("<I", picture[place + 4 : place + 8])
        yield picture[place : place + 4], picture[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
