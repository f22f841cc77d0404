"""What kind of file it is: by its first bytes first, and by its name only among kinds of text."""

import re
import unicodedata
from enum import StrEnum

from slider.rows.records import Broken

_NAME_MOST = 120
_WANTED = "send CSV (.csv, .tsv), JSON Lines (.jsonl) or an Excel workbook (.xlsx)"
# What people send by mistake: first bytes, and what to call it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"%PDF-", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Office file (save it as .xlsx without a password)"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"Rar!", "a rar archive"),
    (b"SQLite format 3\x00", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_TEXT_KINDS = {"csv": "csv", "tsv": "csv", "txt": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl"}


class Kind(StrEnum):
    """How a file is read."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


def kind_of(name: str, head: bytes) -> Kind:
    """The kind of a file by its first bytes (64 or more of them) and its name; Broken for one that is not taken."""
    if not head.strip():
        raise Broken(f"{name} is empty: there is nothing to import")
    for magic, called in _OTHERS:
        if head.startswith(magic):
            raise Broken(f"{name} is {called}, not a table: {_WANTED}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\x00" in head and not head.startswith((_ZIP, _GZIP))):
        raise Broken(f"{name} is UTF-16 or binary: save it as UTF-8 and send it again")
    stem, extension = _parts(name)
    if head.startswith(_ZIP):
        if extension != "xlsx":
            raise Broken(f"{name} is a zip archive or a workbook under another name: {_WANTED}")
        return Kind.XLSX
    if extension == "xlsx":
        raise Broken(f"{name} is named as an Excel workbook but is none: {_WANTED}")
    if head.startswith(_GZIP):
        extension = _parts(stem)[1] if extension == "gz" else extension
    if extension not in _TEXT_KINDS:
        raise Broken(f"{name}: the ending says nothing that can be read: {_WANTED}, text also gzipped (.csv.gz)")
    return Kind(_TEXT_KINDS[extension])


def clean_name(name: str) -> str:
    """A file's name without folders, control and direction signs, cut to 120 characters with its ending kept."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.split()).lstrip(".") or "file"
    if len(kept) <= _NAME_MOST:
        return kept
    stem, extension = _parts(kept)
    ending = f".{extension}" if extension and len(extension) <= 10 else ""
    return stem[: _NAME_MOST - len(ending)] + ending


def _parts(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, extension.lower()) if dot else (name, "")
