"""What was said of an answer is held against what people found, and only where a fit had said it."""

from collections.abc import Callable

import pytest

from slider.models import Mode
from slider.queries import quality_trust
from slider.queries.quality_trust import Bin, Trust
from tests import casts, stages, stream
from tests.stream import Wave

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.TRIAL, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def read(cast: casts.Company) -> Trust:
    return quality_trust.trust(cast.task.policies.order_by("-number")[0])


def test_a_chance_that_says_too_much_is_found_out(cast: casts.Company) -> None:
    # Everything was said to be right with near certainty, and a sixth of it is wrong.
    stream.pour(cast.task, Wave(items=2_000, share=0.0, error=0.02, said=0.001), by=cast.reviewer)
    found = read(cast)
    top = found.bins[-1]
    assert top.verdict == "says too much"
    assert top.said is not None
    assert top.found is not None
    assert top.said > 0.99 > top.found
    assert found.gap == pytest.approx(top.said - top.found)
    assert found.words.startswith("On average it is off by 17.0 points; chance alone would make 0.0")


def test_what_no_fit_has_said_is_left_out(cast: casts.Company) -> None:
    for name in ("m1", "m2"):
        casts.audited(cast.task, name)
        casts.decide(cast.reviewer, cast.task)
    found = read(cast)
    assert (found.labels, found.gap) == (0, None)
    assert found.words == "Not known yet: no bin has enough labels."
    assert all(one.verdict == "not known" for one in found.bins)


def test_answers_of_another_worker_are_left_out(cast: casts.Company) -> None:
    other = casts.company(mode=Mode.TRIAL, share=0.8, prefix="other ")
    stream.pour(other.task, Wave(items=500), by=other.reviewer)
    assert read(cast).labels == 0


def test_bins_with_few_labels_say_nothing(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=300), by=cast.reviewer)
    found = read(cast)
    assert any(0 < one.labels < 20 for one in found.bins)
    assert all((one.said is None) == (one.labels < 20) for one in found.bins)


@pytest.mark.parametrize(
    ("said", "words"), [(0.95, "says too much"), (0.9, "as said"), (0.8, "says too little"), (None, "not known")]
)
def test_the_verdict_goes_by_the_interval(said: float | None, words: str) -> None:
    assert Bin(0.9, 0.95, 100, said, 0.88, 0.85, 0.92).verdict == words
