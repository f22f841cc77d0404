"""A body that ends before its declared length is an error for whoever reads it."""

import io
from collections.abc import Iterable
from typing import Any

import pytest

from slider.wholly import CutOff, wholly


def asked(body: bytes, length: str, read: Any) -> Any:
    """What an application reads that is sent this body under this length."""
    found: list[Any] = []

    def application(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        found.append(read(environ["wsgi.input"]))
        return []

    wholly(application)({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": length}, lambda: None)
    return found[0]


def to_the_end(stream: Any) -> bytes:
    return b"".join(iter(lambda: stream.read(3), b""))


@pytest.mark.parametrize("length", ["7", "", "x", "0"])
def test_a_whole_body_is_read_as_ever(length: str) -> None:
    assert asked(b"abcdefg", length, to_the_end) == b"abcdefg"


@pytest.mark.parametrize("read", [to_the_end, lambda stream: list(iter(lambda: stream.readline(100), b""))])
def test_a_body_that_ends_too_early_is_an_error(read: Any) -> None:
    with pytest.raises(CutOff, match="93 bytes early"):
        asked(b"abc\nefg", "100", read)


def test_nothing_asked_is_nothing_read() -> None:
    assert asked(b"", "100", lambda stream: stream.read(0)) == b""
