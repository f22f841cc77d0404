"""A short moving picture out of screenshots: an animated PNG, which browsers play without a program."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Recording:
    """Frames in memory until `save`; all of one size. Source: W3C, "PNG (Third Edition)", section 11.3.6."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: list[tuple[bytes, float]] = []

    def add(self, page: Page, seconds: float) -> None:
        """Show what is on the screen now for so long."""
        self._frames.append((page.screenshot(scale="css"), seconds))

    def save(self) -> None:
        """Write the picture; it plays for ever. Raises ValueError without frames."""
        if not self._frames:
            raise ValueError("Nothing was recorded.")
        first = list(_chunks(self._frames[0][0]))
        header = next(data for kind, data in first if kind == b"IHDR")
        width, height = struct.unpack(">II", header[:8])
        out, sequence = [_chunk(b"IHDR", header), _chunk(b"acTL", struct.pack(">II", len(self._frames), 0))], 0
        for number, (picture, seconds) in enumerate(self._frames):
            delay = struct.pack(">HHBB", round(seconds * 1000), 1000, 0, 0)
            out.append(_chunk(b"fcTL", struct.pack(">IIIII", sequence, width, height, 0, 0) + delay))
            sequence += 1
            for kind, data in _chunks(picture):
                if kind == b"IHDR" and data != header:
                    raise ValueError(f"Frame {number + 1} has another size or form than the first.")
                if kind != b"IDAT":
                    continue
                if number == 0:
                    out.append(_chunk(b"IDAT", data))
                else:
                    out.append(_chunk(b"fdAT", struct.pack(">I", sequence) + data))
                    sequence += 1
        self._path.write_bytes(_SIGNATURE + b"".join([*out, _chunk(b"IEND", b"")]))


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
