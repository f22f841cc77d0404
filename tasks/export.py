"""The machine of exports: reads items page by page, and stores them as the pieces of one file."""

from collections.abc import Iterator

from slider.celery import app
from slider.flow import export_pieces
from slider.flow.export_pieces import Lost, Piece, TooLarge
from slider.models import Export, Format
from slider.queries import export as reads
from slider.queries.export import Boundary, Page
from slider.rows import outgoing, packing, parquet_out
from slider.rows.packing import Digest, Packer
from slider.rows.shaped import Shape

_PLAIN = (Format.CSV, Format.JSONL)
_CSV = (Format.CSV, Format.CSV_GZ)


@app.task(name="tasks.export.export")
def export(key: int) -> bool:
    """Carry on with the export `key` behind its last stored piece; False when it is in other hands, or over."""
    held = export_pieces.take(key)
    if held is None:
        return False
    try:
        _make(held)
    except TooLarge as error:
        return _failed(held, str(error))
    except Lost:
        return False
    return True


def _failed(held: Export, problem: str) -> bool:
    try:
        export_pieces.fail(held, problem)
    except Lost:
        return False
    return True


def _make(held: Export) -> None:
    export_pieces.check_takes(held)
    if held.format == Format.PARQUET and not parquet_out.is_here():
        raise TooLarge(parquet_out.MISSING)
    if held.as_of is None:
        drawn = reads.boundary(held.task)
        fixed = reads.shape_of(held.task, held.parts).to_json()
        export_pieces.begin(held, shape=fixed, as_of=drawn.as_of, upto=drawn.upto, total=drawn.total)
    shape = Shape.from_json(held.shape)
    digest = _stored(held) if held.format != Format.PARQUET else _assembled(held, shape)
    if held.format != Format.PARQUET:
        for piece in _text_pieces(held, shape):
            export_pieces.keep(held, piece)
            digest.add(piece.content)
    export_pieces.finish(held, size=digest.size, sha256=digest.sha256)


def _stored(held: Export) -> Digest:
    """The digest of what an earlier holder has stored already."""
    digest = Digest(is_plain=held.format in _PLAIN)
    for content in export_pieces.content(held):
        digest.add(content)
        export_pieces.renew(held)
    return digest


def _pages(held: Export, shape: Shape) -> Iterator[Page]:
    """The pages behind the last stored piece, with a sign of life for each."""
    assert held.as_of is not None
    within = Boundary(held.as_of, held.upto or 0, held.total or 0)
    for page in reads.pages(held.task, shape, held.wanted, within, after=held.after):
        export_pieces.renew(held)
        yield page


def _text_pieces(held: Export, shape: Shape) -> Iterator[Piece]:
    number, is_csv = export_pieces.count(held), held.format in _CSV
    packer, first, looked, rows = Packer(), held.after + 1, 0, 0
    if number == 0 and is_csv:
        packer.add(outgoing.head(shape))
    last = held.after
    for page in _pages(held, shape):
        packer.add(outgoing.table(page.items, shape) if is_csv else outgoing.jsonl(page.items, shape))
        last, looked, rows = page.last, looked + page.looked, rows + len(page.items)
        if packer.is_full:
            yield Piece(number, packer.close(), first, last, looked, rows)
            packer, first, looked, rows, number = Packer(), last + 1, 0, 0, number + 1
    if packer.plain or number == 0:
        yield Piece(number, packer.close(), first, last, looked, rows)


def _assembled(held: Export, shape: Shape) -> Digest:
    """Parquet in two steps: rows as they are read, a small file a piece, then all of them as one file."""
    for piece in _row_pieces(held, shape):
        export_pieces.keep(held, piece)
    export_pieces.assemble(held)
    digest, upto = Digest(is_plain=False), held.upto or 0
    whole = parquet_out.together(export_pieces.content(held, is_rows=True), shape)
    for number, content in enumerate(packing.cut(whole)):
        export_pieces.keep(held, Piece(number, content, 0, upto))
        digest.add(content)
    return digest


def _row_pieces(held: Export, shape: Shape) -> Iterator[Piece]:
    number = export_pieces.count(held, is_rows=True)
    batches, first, last, looked = list[object](), held.after + 1, held.after, 0
    size = rows = 0
    for page in _pages(held, shape):
        batch = parquet_out.batch(page.items, shape)
        batches.append(batch)
        size, rows = size + batch.nbytes, rows + len(page.items)
        last, looked = page.last, looked + page.looked
        if size >= packing.MOST_PLAIN:
            yield Piece(number, parquet_out.packed(batches, shape), first, last, looked, rows, is_rows=True)
            batches, size, rows, looked, first, number = [], 0, 0, 0, last + 1, number + 1
    if rows:
        yield Piece(number, parquet_out.packed(batches, shape), first, last, looked, rows, is_rows=True)
