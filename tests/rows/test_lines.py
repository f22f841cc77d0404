"""Lines: the same whatever pieces the bytes come in, gzipped or not."""

import gzip
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slider.rows.lines import lines
from slider.rows.records import MOST_LINE_BYTES, Broken

TEXT = st.text(st.sampled_from('aé🙂,"\r\n\x0b\u2028 '), max_size=40)


def read(*pieces: bytes) -> list[str]:
    def given_pieces() -> Iterator[bytes]:
        return iter(pieces)

    found = list(lines(given_pieces, most_bytes=10**6))
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    return [line.text for line in found]


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@given(TEXT, st.integers(1, 7), st.booleans())
def test_where_the_pieces_are_cut_makes_no_difference(text: str, size: int, zipped: bool) -> None:
    content = b"\xef\xbb\xbf" + text.encode()
    expected = [part.decode() for part in text.encode().splitlines(keepends=True)]
    assert read(*cut(gzip.compress(content) if zipped else content, size)) == expected


def test_an_archive_of_several_members_is_read_to_its_end() -> None:
    assert read(gzip.compress(b"a\nb") + gzip.compress(b"c\nd")) == ["a\n", "bc\n", "d"]


@pytest.mark.parametrize("size", [1000, MOST_LINE_BYTES - 1, MOST_LINE_BYTES, 10**7])
def test_a_line_that_is_too_long_is_cut_out_and_the_next_ones_stand(size: int) -> None:
    content = b"first\n" + b"x" * (MOST_LINE_BYTES + 1) + b"\r\nthird"
    found = list(lines(lambda: iter(cut(content, size)), most_bytes=10**8))
    assert [(line.number, line.cut, line.text) for line in found] == [
        (1, False, "first\n"), (2, True, ""), (3, False, "third")
    ]  # fmt: skip


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"]))
def test_no_bytes_raise_anything_but_broken(content: bytes, head: bytes) -> None:
    with suppress(Broken):
        assert "".join(read(head + content)).encode() == content.removeprefix(b"\xef\xbb\xbf")
