"""Bytes to physical lines of text: gunzipped where need be, UTF-8 or refused, each line bounded."""

import zlib
from collections.abc import Iterator

from slider.rows.records import MOST_LINE_BYTES, Broken, Line, Pieces

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_STEP = 256 * 1024
MOST_LINES = 5_000_000  # blank lines are no rows, so the count of rows does not bound them


def lines(pieces: Pieces, *, most_bytes: int) -> Iterator[Line]:
    """The file's lines with their ends (LF, CR LF or CR) and numbers from 1.

    `most_bytes` bounds what a gzipped file may unpack to. Broken for text that is not UTF-8, and for a damaged,
    truncated or overgrown archive.
    """
    for number, (raw, cut) in enumerate(_split(_without_bom(_plain(pieces, most_bytes))), start=1):
        if number > MOST_LINES:
            raise Broken(f"the file has more than {MOST_LINES:,} lines: split it")
        yield Line(number, "" if cut else _decoded(raw, number), cut)


def _decoded(raw: bytes, number: int) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Broken(
            f"line {number}, byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8: "
            "save the file as UTF-8 and send it again"
        ) from None


def _plain(pieces: Pieces, most_bytes: int) -> Iterator[bytes]:
    stream = pieces()
    first = next(stream, b"")
    while len(first) < len(_GZIP) and (more := next(stream, b"")):
        first += more
    if not first.startswith(_GZIP):
        yield first
        yield from stream
        return
    size = 0
    for piece in _unpacked(first, stream):
        size += len(piece)
        if size > most_bytes:
            raise Broken(f"the archive unpacks to more than {most_bytes // 1024**2} MiB: split the file")
        yield piece


def _unpacked(first: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    """Gunzip by small steps, member after member, so that a bomb is noticed before it fills the memory."""
    unpacker = zlib.decompressobj(wbits=31)
    rest = first
    try:
        while True:
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(rest, _STEP)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            following = next(stream, None)
            if following is None:
                break
            rest = following
        while not unpacker.eof and (left := unpacker.decompress(b"", _STEP)):
            yield left
    except zlib.error:
        raise Broken("the gzip archive is damaged: make it again and send it again") from None
    if not unpacker.eof:
        raise Broken("the gzip archive ends too early: it was cut off, send it again")


def _without_bom(stream: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for piece in stream:
        head += piece
        if len(head) >= len(_BOM):
            break
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Broken("the file is UTF-16: save it as UTF-8 and send it again")
    yield head.removeprefix(_BOM)
    yield from stream


def _split(stream: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends; a line that is too long comes as nothing, with the mark `cut`."""
    rest, cut = b"", False
    for piece in stream:
        found = (rest + piece).splitlines(keepends=True)
        rest = b""
        # The last line may go on in the next piece, and a CR at its very end may be half of a CR LF.
        if found and not found[-1].endswith(b"\n"):
            rest = found.pop()
        for line in found:
            yield (b"", True) if cut or len(line) > MOST_LINE_BYTES else (line, False)
            cut = False
        if len(rest) > MOST_LINE_BYTES and not rest.endswith(b"\r"):
            rest, cut = b"", True
    if rest or cut:
        yield (b"", True) if cut or len(rest) > MOST_LINE_BYTES else (rest, False)
