"""Pieces of a file that goes out: text, packed as members of gzip that are one archive together."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

PIECE_BYTES = 1024 * 1024
MOST_PLAIN = 8 * PIECE_BYTES
_GZIP = 31  # how zlib is told to write and read gzip; it writes no time and no name, so equal text is equal bytes
_STEP = 256 * 1024


class Packer:
    """Packs one piece."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._packed: list[bytes] = []
        self._size = 0
        self.plain = 0

    def add(self, text: str) -> None:
        raw = text.encode()
        self.plain += len(raw)
        packed = self._packer.compress(raw)
        self._packed.append(packed)
        self._size += len(packed)

    @property
    def is_full(self) -> bool:
        return self._size >= PIECE_BYTES or self.plain >= MOST_PLAIN

    def close(self) -> bytes:
        """The piece; nothing can be added to it afterwards."""
        return b"".join([*self._packed, self._packer.flush()])


def unpacked(piece: bytes) -> Iterator[bytes]:
    """The text of a piece, by small steps."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    rest = piece
    while not unpacker.eof and ((step := unpacker.decompress(rest, _STEP)) or unpacker.unconsumed_tail):
        yield step
        rest = unpacker.unconsumed_tail


class Digest:
    """The size and SHA-256 of a file as it is downloaded, piece by piece."""

    def __init__(self, *, is_plain: bool) -> None:
        self._is_plain = is_plain
        self._hash: _Hash = hashlib.sha256()
        self.size = 0

    def add(self, piece: bytes) -> None:
        for step in unpacked(piece) if self._is_plain else (piece,):
            self._hash.update(step)
            self.size += len(step)

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()


def cut(stream: Iterable[bytes], size: int = PIECE_BYTES) -> Iterator[bytes]:
    """The same bytes in pieces of this size, the last one shorter."""
    rest = bytearray()
    for some in stream:
        rest += some
        while len(rest) >= size:
            yield bytes(rest[:size])
            del rest[:size]
    if rest:
        yield bytes(rest)
