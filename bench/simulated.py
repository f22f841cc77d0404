"""Simulated reviewers: they err at a known rate and follow a shown draft at a known rate, so every figure has a truth.

An answer is one of `WORDS` words. Alone, somebody gives the right one, or with probability `error` one of the others,
each as often. Shown a draft they take it unread with probability `sway`, else they judge it by what they would have
said alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slider.engine import agreement
from slider.engine.agreement import Agreement
from slider.engine.arrays import Bools, Ints
from slider.engine.difference import Difference, difference
from slider.engine.proportion import Share, share

WORDS = 5
DELTA = 0.05


@dataclass(frozen=True, slots=True)
class Person:
    """How often somebody is wrong alone, and how often they take a shown draft unread."""

    error: float
    sway: float

    def accepts(self, *, right: bool) -> float:
        """The chance that they accept a shown draft which is right, or wrong."""
        return self.sway + (1.0 - self.sway) * self.says(right=right)

    def says(self, *, right: bool) -> float:
        """The chance that they say alone what a draft says which is right, or wrong."""
        return 1.0 - self.error if right else self.error / (WORDS - 1)


@dataclass(frozen=True, slots=True)
class Team:
    """Two people, how many of the drafts are wrong, how much there is to look at, and at how much of it blind first."""

    people: tuple[Person, Person] = (Person(0.08, 0.3), Person(0.15, 0.5))
    wrong: float = 0.25
    known: int = 120  # known answers that each judges; half of the drafts are wrong
    both: int = 150  # items that both look at
    hidden: float = 0.2


@dataclass(frozen=True, slots=True)
class Seen:
    """What the product would count of one run."""

    accuracy: Share
    missed: Share
    kappa: Agreement
    alpha: Agreement
    sway_known: Difference
    sway_found: Difference
    switched: Share
    sway_all: Difference

    naive_accuracy: tuple[float, float]  # the textbook's interval, p +- 1.96 standard errors
    naive_sway: Difference  # the last words compared: hidden first or not, the draft is seen before them


@dataclass(frozen=True, slots=True)
class _Looks:
    """Looks of one person: who saw the draft first, what they said alone, and the last word."""

    wrong: Bools
    hidden: Bools
    same: Bools
    accepted: Bools


def run(team: Team, seed: int) -> Seen:
    """Have them look, and count as the product does."""
    rng = np.random.default_rng(seed)
    first, second = team.people
    planted = np.arange(team.known) % 2 == 0
    known = _look(rng, first, planted, team.hidden)
    wrong = rng.random(team.both) < team.wrong
    one, other = _look(rng, first, wrong, team.hidden), _look(rng, second, wrong, team.hidden)
    table = np.zeros((2, 2), dtype=np.int64)
    np.add.at(table, (one.accepted.astype(int), other.accepted.astype(int)), 1)
    said = np.stack([_words(one.accepted, other.accepted, word) for word in (True, False)], axis=1)
    judged = known.accepted != known.wrong
    found = ~other.accepted  # what the second look calls wrong, without knowing of the first
    return Seen(
        accuracy=_share(judged),
        missed=_share(known.accepted[known.wrong]),
        kappa=agreement.kappa(table, delta=DELTA, seed=seed + 1_000_000_007),
        alpha=agreement.alpha(said, delta=DELTA, seed=seed + 1_000_000_007),
        sway_known=_sway(known, known.wrong),
        sway_found=_sway(one, found),
        switched=_share(known.accepted[known.wrong & known.hidden & ~known.same]),
        sway_all=_sway(one, np.ones(team.both, dtype=np.bool_)),
        naive_accuracy=_textbook(judged),
        naive_sway=_apart(known.accepted[known.wrong & ~known.hidden], known.accepted[known.wrong & known.hidden]),
    )


def _look(rng: np.random.Generator, who: Person, wrong: Bools, hidden_rate: float) -> _Looks:
    n = len(wrong)
    says_it = np.where(wrong, who.says(right=False), who.says(right=True))
    same = rng.random(n) < says_it
    follows = rng.random(n) < who.sway
    return _Looks(wrong, rng.random(n) < hidden_rate, same, same | follows)


def _words(one: Bools, other: Bools, word: bool) -> Ints:  # noqa: FBT001  # the word that is counted
    counted: Ints = (one == word).astype(np.int64) + (other == word)
    return counted


def _share(hits: Bools) -> Share:
    return share(int(hits.sum()), len(hits), delta=DELTA)


def _apart(one: Bools, other: Bools) -> Difference:
    return difference((int(one.sum()), len(one)), (int(other.sum()), len(other)), delta=DELTA)


def _sway(looks: _Looks, of: Bools) -> Difference:
    return _apart(looks.accepted[of & ~looks.hidden], looks.same[of & looks.hidden])


def _textbook(hits: Bools) -> tuple[float, float]:
    rate = float(hits.mean())
    half = 1.96 * float(np.sqrt(rate * (1.0 - rate) / len(hits)))
    return rate - half, rate + half


# -- the truth ---------------------------------------------------------------------------------------------------------


def accuracy(team: Team) -> float:
    who = team.people[0]
    return 0.5 * who.accepts(right=True) + 0.5 * (1.0 - who.accepts(right=False))


def missed(team: Team) -> float:
    return team.people[0].accepts(right=False)


def kappa(team: Team) -> float:
    """Cohen's, from the chances of both words of both people."""
    same, one, other = _together(team)
    by_chance = one * other + (1.0 - one) * (1.0 - other)
    return (same - by_chance) / (1.0 - by_chance)


def alpha(team: Team) -> float:
    """Krippendorff's, of many items: chance is any two looks, whoever's."""
    same, one, other = _together(team)
    accepts = (one + other) / 2.0
    return 1.0 - (1.0 - same) / (2.0 * accepts * (1.0 - accepts))


def _together(team: Team) -> tuple[float, float, float]:
    """The chances that both say the same, that the one accepts, and that the other does."""
    chances = [(team.wrong, False), (1.0 - team.wrong, True)]
    pairs = [(part, *(who.accepts(right=right) for who in team.people)) for part, right in chances]
    same = sum(part * (a * b + (1.0 - a) * (1.0 - b)) for part, a, b in pairs)
    return same, sum(part * a for part, a, _ in pairs), sum(part * b for part, _, b in pairs)


def sway_known(team: Team) -> float:
    return swayed(team.people[0], right=False)


def swayed(who: Person, *, right: bool) -> float:
    """How much oftener somebody says what the draft says where they see it."""
    return who.accepts(right=right) - who.says(right=right)


def sway_found(team: Team) -> float:
    """The same over drafts that the second person does not accept, which are not all wrong."""
    first, second = team.people
    wrong = team.wrong * (1.0 - second.accepts(right=False))
    right = (1.0 - team.wrong) * (1.0 - second.accepts(right=True))
    return (wrong * swayed(first, right=False) + right * swayed(first, right=True)) / (wrong + right)


def sway_all(team: Team) -> float:
    who = team.people[0]
    return team.wrong * swayed(who, right=False) + (1.0 - team.wrong) * swayed(who, right=True)


def switched(team: Team) -> float:
    """Who has said something else than the draft takes it as often as they follow a draft unread."""
    return team.people[0].sway


TRUTHS = {
    "accuracy": accuracy,
    "missed": missed,
    "kappa": kappa,
    "alpha": alpha,
    "sway_known": sway_known,
    "sway_found": sway_found,
    "sway_all": sway_all,
    "switched": switched,
}
CONTROLS = {"naive_accuracy": accuracy, "naive_sway": sway_known}


@dataclass(frozen=True, slots=True)
class Held:
    """How often the intervals of one figure held its truth; a figure that was not known in a run holds it."""

    name: str
    true: float
    mean: float
    width: float
    runs: int
    missed: int
    unknown: int


def held(team: Team, name: str, seen: Sequence[Seen]) -> Held:
    true = (TRUTHS | CONTROLS)[name](team)
    found = [_interval(getattr(one, name)) for one in seen]
    known = [one for one in found if one is not None]
    return Held(
        name,
        true,
        mean=float(np.mean([one[0] for one in known])),
        width=float(np.mean([one[2] - one[1] for one in known])),
        runs=len(seen),
        missed=sum(not one[1] <= true <= one[2] for one in known),
        unknown=len(found) - len(known),
    )


def _interval(found: Share | Agreement | Difference | tuple[float, float]) -> tuple[float, float, float] | None:
    if isinstance(found, tuple):
        return (found[0] + found[1]) / 2.0, found[0], found[1]
    if found.value is None or found.lower is None or found.upper is None:
        return None
    return found.value, found.lower, found.upper
