"""Files of outputs whose truth is known, and what is wrong with them."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slider.engine import calibration, ranking
from slider.engine.backtest import pool
from slider.engine.backtest.pool import Pool

_MAGIC = b"\x1f\x8b"


class Unusable(ValueError):
    """A file that no backtest can be made of; the message says which, where and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """What files hold.

    Attributes:
        pools: the answers of each worker to each task.
        remarks: what a person should know before believing a figure, a sentence each.
    """

    pools: tuple[Pool, ...]
    remarks: tuple[str, ...]


def read(paths: Sequence[Path], *, least: int = 1000, skip: bool = False) -> Found:
    """Read files of `{id, task, model, signals, correct, ...}` rows, one a line, gzipped or not.

    Args:
        paths: the same task and worker in two files counts as two.
        least: rows that a task and worker must have.
        skip: pass over a file whose rows are of another form, with a remark: for whole folders.

    Raises:
        Unusable: a file can't be read, or nothing in the files is fit for a backtest.
    """
    pools: list[Pool] = []
    remarks: list[str] = []
    for path in paths:
        try:
            mine = pool.pools(_rows(path))
        except pool.Unfit as error:
            if skip:
                remarks.append(f"{path.name} is passed over: {error}")
                continue
            raise Unusable(f"{path}: {error}") from error
        if not mine:
            raise Unusable(f"{path} holds no rows: give one JSON object a line.")
        small = [one for one in mine if one.rows < least]
        if small:
            most = max(one.rows for one in small)
            remarks.append(
                f"{path.name}: {len(small)} of {len(mine)} tasks and workers left out, with {most} rows at the most; "
                f"--least {least} asks for more."
            )
        for one in mine:
            if one.rows >= least:
                remarks += _remarks(one)
                pools += [one] if _usable(one) else []
    if not pools:
        raise Unusable(" ".join(["Nothing is left to replay.", *remarks]))
    return Found(pools=tuple(pools), remarks=tuple(remarks))


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    """Read the rows of one file."""
    number = 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _MAGIC
        with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, path, number)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Unusable(f"{path}: the gzip file is cut off or damaged after line {number} ({error}).") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: after line {number} the file is no UTF-8 text ({error.reason}).") from error
    except OSError as error:
        raise Unusable(f"{path} can't be read: {error.strerror or error}.") from error


def _row(line: str, path: Path, number: int) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise Unusable(f"{path}, line {number} is not JSON ({error}).") from error
    except RecursionError as error:
        raise Unusable(f"{path}, line {number} is nested too deeply to be read.") from error
    if not isinstance(row, dict):
        raise Unusable(f"{path}, line {number} is {type(row).__name__}, not an object: give one JSON object a line.")
    return row


def _usable(one: Pool) -> bool:
    return bool(one.signals) and bool(one.answered.any()) and 0 < one.correct.sum() < one.rows


def _remarks(one: Pool) -> Iterator[str]:
    """Say what is odd about a pool."""
    if not one.signals or not one.answered.any():
        yield f"{one.name} is left out: no signal varies, so there is nothing to rank its answers by."
        return
    if one.correct.all() or not one.correct.any():
        kind = "right" if one.correct.all() else "wrong"
        yield f"{one.name} is left out: all of its {one.rows:,} answers are {kind}, so there is nothing to find out."
        return
    prior = calibration.prior(one.signals, trusted=one.trusted)
    found = ranking.auroc(prior.scores(one.x, answered=one.answered), one.correct)
    if found.looks_flipped:
        yield (
            f"{one.name}: larger signals go with wrong answers (AUROC {found.value:.2f}, at most {found.high:.2f}): "
            "is a label convention flipped? 'correct' is 1 for a right answer, and a larger signal means more trust."
        )
