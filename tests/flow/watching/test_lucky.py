"""Right for the wrong reason: it certifies nothing, teaches nothing, holds nothing up, and is no error either."""

import numpy as np
import pytest

from slider.engine import bounds
from slider.flow import review
from slider.flow.review import Said
from slider.flow.watching import marks, refit, verdicts
from slider.flow.watching.marks import Span
from slider.models import Mode, Policy, Review, ReviewState, Verdict
from tests import casts, judged
from tests.engine import exact

pytestmark = pytest.mark.django_db
HOURS = 72


def judge(cast: casts.Company, *, lucky: int) -> None:
    """Accept every open look; every `lucky`th for the wrong reason."""
    for n, _ in enumerate(Review.objects.filter(state=ReviewState.OPEN)):
        held = casts.take(cast.reviewer, cast.task)
        said = Said(Verdict.ACCEPT, lucky=n % lucky == 0)
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    casts.time_passes(cast.task)


@pytest.fixture
def half_lucky() -> casts.Company:
    cast = casts.company(share=0.5, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 100)
    judge(cast, lucky=2)
    return cast


def test_it_is_heard_as_right_and_counted_as_nothing(half_lucky: casts.Company) -> None:
    policy = judged.in_force(half_lucky)
    heard = verdicts.heard(half_lucky.task.pk, epoch=policy.epoch)
    assert (len(heard.wrong), int(heard.wrong.sum())) == (100, 0)
    passed = marks.passed(half_lucky.task.pk, epoch=policy.epoch, where=[Span(0, 1000)], within_h=HOURS)
    assert passed is not None
    assert passed.wrong.shape == (1, 50)


def test_it_holds_nothing_up(half_lucky: casts.Company) -> None:
    waiting = marks.waiting(half_lucky.task.pk, since=0, until=100, within_h=HOURS)
    assert (waiting == 100).all()
    assert judged.tend(half_lucky).labels == 50


def test_with_nothing_else_the_slider_stays_shut() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 100)
    judge(cast, lucky=1)
    policy = judged.tend(cast)
    assert (policy.labels, policy.effective) == (0, 0.0)


def test_it_teaches_nothing() -> None:
    # The easy half is right, the hard half is right by luck: only the easy half may teach.
    taught: list[Policy] = []
    for is_lucky in (False, True):
        cast = casts.company(prefix=str(is_lucky), share=0.5, mode=Mode.GUARDED)
        judged.routed(cast, 60)
        judge(cast, lucky=2 if is_lucky else 1000)
        taught.append(judged.in_force(cast))
    without, with_lucky = (refit.fit(policy, tested=0.5) for policy in taught)
    assert without is not None
    assert with_lucky is not None
    assert without.fitted.labels - with_lucky.fitted.labels == 29
    assert without.heard.sum() == with_lucky.heard.sum() == 60


def ever_certified(*, left_out: str) -> int:
    """Count the runs in which a lane at its limit is certified, with some labels left out."""
    rng, limit, delta = np.random.default_rng(5), 0.05, 0.05
    wrong, luck = rng.random((600, 1_500)) < limit, rng.random((600, 1_500)) < 0.4
    out = {"nothing": np.zeros_like(wrong), "right by luck": luck & ~wrong, "errors": luck & wrong}[left_out]
    counts = [np.cumsum(which & ~out, axis=1)[:, 9::10] for which in (wrong, ~wrong)]
    ever = np.zeros(600, dtype=np.bool_)
    for bad, good in zip(counts[0].T, counts[1].T, strict=True):
        ever |= bounds.log_wealth(bad[:, None], good[:, None], error_limit=limit) >= -np.log(delta)
    return int(ever.sum())


def test_leaving_out_what_is_right_keeps_the_promise_and_leaving_out_errors_breaks_it() -> None:
    assert exact.keeps(ever_certified(left_out="nothing"), n=600, p=0.05)
    assert ever_certified(left_out="right by luck") <= ever_certified(left_out="nothing")
    # The control: the same share of the errors left out.
    assert not exact.keeps(ever_certified(left_out="errors"), n=600, p=0.05)
