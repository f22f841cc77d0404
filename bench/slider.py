"""`python -m bench.slider`: the slider beside other ways, on made-up streams and files, into docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import oracles, page, rows, tables, tracking
from slider.management.backtest import files, looks, plan, summary, table, work

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
SHARES = (0.3, 0.8, 0.95)
ABSENT = "No file was given when these tables were made: the figures of real outputs are absent."


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    parts = dict(made_up(given)) | dict(real(given))
    parts["machine"] = [*page.machine(arguments), *oracles.compared()]
    if given.print:
        for name, lines in parts.items():
            print("\n".join((f"## {name}", "", *lines, "")))
        return
    page.write(given.page, parts)
    say(f"Wrote {', '.join(parts)} into {given.page}.")


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.slider", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="Real outputs, or folders of such files.")
    parser.add_argument("--replays", type=int, default=500, help="Of made-up streams (500).")
    parser.add_argument("--real-replays", type=int, default=200, help="Of real outputs (200).")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--only", nargs="+", choices=tuple(rows.ROWS), default=list(rows.ROWS), metavar="ROW")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--print", action="store_true", help="Print the tables instead of writing them into the page.")
    return parser.parse_args(arguments)


def made_up(given: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """The synthetic tables, and how the share follows the slider."""
    todo = [
        rows.Asked(name, rule, replays=given.replays, seed=given.seed)
        for name in given.only
        for rule in rows.rules(name)
    ]
    found = work.spread(rows.run, todo, processes=given.processes, done=_saying("made-up streams", len(todo)))
    outcomes = list(zip(todo, found, strict=True))
    yield "streams", list(tables.streams(outcomes))
    yield "changes", list(tables.changes(outcomes))
    say("how the share follows the slider")
    followed = [
        tracking.tracked(kind, share=share, replays=20, seed=given.seed) for kind in tracking.KINDS for share in SHARES
    ]
    yield "share", list(tables.followed(followed))


def real(given: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """The tables of real outputs, or a sentence where there are none."""
    paths = [path for one in given.files for path in (sorted(one.glob("*.jsonl*")) if one.is_dir() else [one])]
    paths = [path for path in paths if ".items." not in path.name]
    if not paths:
        yield "real", [ABSENT]
        yield "once", [ABSENT]
        return
    asked = plan.Plan(replays=given.real_replays)
    found = files.read(paths, skip=True)
    for remark in found.remarks:
        say(f"Note: {remark}")
    todo = plan.jobs(found.pools, asked)
    outcomes = work.spread(plan.run, todo, processes=given.processes, done=_saying("real outputs", len(todo)))
    pairs = summary.pairs(outcomes)
    said = summary.lines(summary.summary(pairs, floor=asked.tuning.floor), delta=asked.delta)
    yield "real", [*(f"- {line}" for line in said), "", *table.of_pairs(pairs, asked)]
    say("one look at 500 labels")
    once = looks.run(found.pools, replace(asked, limits=(0.05,), delta=0.1), labels=500)
    yield "once", list(looks.of_looks(list(once), delta=0.1))


def _saying(what: str, total: int) -> work.Done:
    def done(count: int, _: object) -> None:
        say(f"{what}: {count} of {total}")

    return done


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
