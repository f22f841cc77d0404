"""Simulated reviewers through the real flow: what the pages say is what happened, and the truth lies inside."""

import numpy as np
import pytest
from django.contrib.auth.models import User

from bench.simulated import Person
from slider.flow import known, own_answers, review
from slider.flow.review import Said
from slider.models import Known, Review, ReviewKind, Role, Task, Verdict
from slider.queries import reviewers, sway
from tests import casts

pytestmark = pytest.mark.django_db
TOPICS = casts.TOPICS
KNOWN, BOTH = 80, 40


def answer(word: int) -> dict[str, object]:
    return {"topic": TOPICS[word], "urgent": False}


class Hand:
    """Somebody at the desk who errs and follows drafts at known rates, and a tally of what they did."""

    def __init__(self, cast: casts.Company, user: User, person: Person, truth: dict[int, int], seed: int) -> None:
        self.cast, self.user, self.person, self.truth = cast, user, person, truth
        self.rng = np.random.default_rng(seed)
        self.judged: list[
            tuple[bool, bool, bool | None, bool]
        ] = []  # known, draft wrong, said the same alone, accepted

    def works(self) -> None:
        while (held := review.take(self.user.pk, task_ids=[self.cast.task.pk], lease_s=600)) is not None:
            self._looks(held)

    def _looks(self, held: Review) -> None:
        draft, right = _draft(held), self.truth[held.item_id]
        wrong = draft != right
        others = [word for word in range(len(TOPICS)) if word != right]
        alone = int(self.rng.choice(others)) if self.rng.random() < self.person.error else right
        follows = bool(self.rng.random() < self.person.sway)
        same: bool | None = None
        if held.is_drawn_hidden:
            same = alone == draft
            held = own_answers.say(held.pk, user_id=self.user.pk, token=held.token, answer=answer(alone))
        accepts = follows or alone == draft
        if held.verdict == "":
            said = Said(Verdict.ACCEPT) if accepts else Said(Verdict.FIX, answer(alone))
            review.decide(held.pk, user_id=self.user.pk, token=held.token, said=said)
        self.judged.append((held.kind == ReviewKind.KNOWN, wrong, same, accepts))


def _draft(held: Review) -> int:
    attempt = held.item.decision.attempt
    assert attempt is not None
    assert attempt.answer is not None
    return TOPICS.index(attempt.answer["topic"])


def routed(cast: casts.Company, rng: np.random.Generator, count: int, *, wrong: float, name: str) -> dict[int, int]:
    """Items with drafts of which so many are wrong; the right words by their ids."""
    right = rng.integers(0, len(TOPICS), size=count)
    drafts = np.where(
        rng.random(count) < wrong, (right + rng.integers(1, len(TOPICS), size=count)) % len(TOPICS), right
    )
    names = [f"{name}{n}" for n in range(count)]
    items = casts.route_all(
        cast.task,
        {one: casts.says(answer(int(draft))) for one, draft in zip(names, drafts, strict=True)},
        bodies={one: {"text": "hello"} for one in names},
    )
    words = dict(zip(names, right, strict=True))
    return {item.pk: int(words[item.external_id]) for item in items}


def test_what_the_pages_say_is_what_happened_and_the_truth_lies_inside() -> None:
    cast, seed = casts.company(undo_s=0), 1
    rng = np.random.default_rng(seed)
    truth = routed(cast, rng, KNOWN, wrong=0.5, name="past")
    for _ in range(KNOWN):
        casts.decide(cast.admin, cast.task)
    lead = casts.person("lead", role=Role.ADMIN, of=cast.project)
    for look in Review.objects.select_related("item__decision__attempt"):
        right = _draft(look) == truth[look.item_id]
        known.mark(look.item, draft_right=right, words="It says so.", by=lead.pk)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.4, second_rate=1.0)
    for one in Known.objects.all():
        Review.objects.create(item_id=one.pk, task=cast.task, kind=ReviewKind.KNOWN)
    first = Hand(cast, cast.reviewer, Person(0.1, 0.4), truth, seed + 10)
    first.works()
    truth |= routed(cast, rng, BOTH, wrong=0.3, name="live")
    first.works()
    second = Hand(cast, cast.colleague, Person(0.2, 0.6), truth, seed + 20)
    second.works()
    cast.task.refresh_from_db()
    _agrees_with(first, cast)
    _alike(first, second, cast)


def _agrees_with(hand: Hand, cast: casts.Company) -> None:
    """The pages' counts are those of the tally, and each interval holds the truth of this person."""
    who = hand.person
    (one,) = reviewers.persons(cast.task, user_id=hand.user.pk)
    planted = [row for row in hand.judged if row[0]]
    missed = [row[3] for row in planted if row[1]]
    assert one.missed is not None
    assert (one.missed.hits, one.missed.of) == (sum(missed), len(missed))
    assert one.missed.lower <= who.accepts(right=False) <= one.missed.upper
    assert one.accuracy is not None
    assert one.accuracy.hits == sum(row[1] != row[3] for row in planted)
    wrong = sway.of(cast.task).rows[0]
    assert wrong.shown is not None
    assert wrong.hidden is not None
    assert wrong.swayed is not None
    assert wrong.switched is not None
    hidden = [row for row in planted if row[1] and row[2] is not None]
    assert (wrong.hidden.hits, wrong.hidden.of) == (sum(bool(row[2]) for row in hidden), len(hidden))
    assert wrong.shown.of == len(missed) - len(hidden)
    assert (wrong.switched.hits, wrong.switched.of) == (
        sum(row[3] for row in hidden if not row[2]),
        sum(not row[2] for row in hidden),
    )
    assert wrong.swayed.lower <= who.accepts(right=False) - who.says(right=False) <= wrong.swayed.upper
    assert wrong.switched.lower <= who.sway <= wrong.switched.upper


def _alike(first: Hand, second: Hand, cast: casts.Company) -> None:
    """Both looked at every live item, and the agreement is that of their tallies."""
    team = reviewers.team(cast.task)
    one, other = ([row[3] for row in hand.judged if not row[0]] for hand in (first, second))
    assert (len(one), len(other), team.alpha.items) == (BOTH, BOTH, BOTH)
    (pair,) = [pair for pair in team.pairs if {pair.first, pair.second} == {"reviewer", "colleague"}]
    assert pair.kappa.items == BOTH
    assert pair.kappa.lower is not None
    assert pair.kappa.upper is not None
    accepts = [
        (part, *(hand.person.accepts(right=right) for hand in (first, second)))
        for part, right in ((0.3, False), (0.7, True))
    ]
    same = sum(part * (a * b + (1 - a) * (1 - b)) for part, a, b in accepts)
    p, q = (sum(part * pair[n] for part, *pair in accepts) for n in (0, 1))
    chance = p * q + (1 - p) * (1 - q)
    assert pair.kappa.lower <= (same - chance) / (1 - chance) <= pair.kappa.upper
