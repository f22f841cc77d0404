"""`python -m bench.reviewers`: what is said of reviewers, beside the truth of simulated ones, over 200 seeded runs."""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence

from bench import simulated
from bench.simulated import Held, Person, Team

TEAMS = {
    "usual": Team(),
    "careful": Team(people=(Person(0.02, 0.1), Person(0.03, 0.05)), wrong=0.1),
    "rubber stamps": Team(people=(Person(0.2, 0.85), Person(0.2, 0.7))),
    "few looks": Team(known=30, both=40, hidden=0.3),
}
NAMES = {
    "accuracy": "judged right",
    "missed": "wrong drafts missed",
    "kappa": "Cohen's kappa",
    "alpha": "Krippendorff's alpha",
    "sway_known": "sway, wrong drafts known",
    "sway_found": "sway, wrong as a second look says",
    "sway_all": "sway, all drafts",
    "switched": "changed their mind for a wrong draft",
    "naive_accuracy": "control: judged right, 1.96 standard errors",
    "naive_sway": "control: sway by last words",
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="bench.reviewers", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    for line in table(given.runs, given.seed):
        print(line)


def table(runs: int, seed: int) -> Iterator[str]:
    """A row for each team and figure; the promise is that at most 5 of 100 intervals miss the truth."""
    yield "| reviewers | figure | truth | mean estimate | mean width | inside | chance of so few |"
    yield "|---|---|---|---|---|---|---|"
    for team_name, team in TEAMS.items():
        seen = [simulated.run(team, seed * 1_000_003 + n) for n in range(runs)]
        for name in NAMES:
            yield _row(team_name, simulated.held(team, name, seen))


def _row(team: str, found: Held) -> str:
    inside = f"{found.runs - found.missed} of {found.runs}" + (f" ({found.unknown} not known)" if found.unknown else "")
    cells = (team, NAMES[found.name], f"{found.true:.3f}", f"{found.mean:.3f}", f"{found.width:.3f}", inside)
    return f"| {' | '.join(cells)} | {_at_least(found.missed, found.runs, simulated.DELTA):.2g} |"


def _at_least(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) >= k): how often a promise that is just kept would miss as often as this."""
    return math.fsum(math.comb(n, i) * p**i * (1.0 - p) ** (n - i) for i in range(k, n + 1))


if __name__ == "__main__":
    main(sys.argv[1:])
