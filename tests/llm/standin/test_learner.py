"""The learner learns what the lessons say, and no more."""

import numpy as np
import pytest

from slider.llm.standin.learner import Learner, Lesson

LESSONS = [
    Lesson("the parcel has not arrived", 0, is_example=True),
    Lesson("where is my parcel", 0, is_example=True),
    Lesson("the tracking of the parcel stands still", 0, is_example=True),
    Lesson("the lamp is broken", 1, is_example=True),
    Lesson("a hole in the tent", 1, is_example=True),
]


def test_chances_sum_to_one_and_favour_the_label_of_similar_texts() -> None:
    chances = Learner(LESSONS, labels=3).chances("no parcel arrived here")
    assert chances.sum() == pytest.approx(1)
    assert int(chances.argmax()) == 0


def test_a_text_of_unknown_words_gets_the_usual_shares() -> None:
    chances = Learner(LESSONS, labels=3).chances("xyzzy qwrt")
    # Three, two and no examples, and ten imagined ones spread over the three labels.
    assert chances == pytest.approx((np.array([3, 2, 0]) + 10 / 3) / 15)


def test_an_example_makes_it_surer_of_a_similar_text() -> None:
    before = Learner(LESSONS, labels=3).chances("a rope with a cut")
    after = Learner([*LESSONS, Lesson("a cut rope", 1, is_example=True)], labels=3).chances("a rope with a cut")
    assert after[1] > before[1] + 0.1


def test_a_described_label_without_examples_can_win() -> None:
    lessons = [*LESSONS, Lesson("invoice", 2, is_example=False), Lesson("receipt for taxes", 2, is_example=False)]
    assert int(Learner(lessons, labels=3).chances("please send the invoice").argmax()) == 2


def test_labels_drawn_by_lot_leave_it_unsure() -> None:
    rng = np.random.default_rng(5)
    vocabulary = [f"w{a}{b}" for a in "abcdefgh" for b in "klmnopqr"]
    lessons = [Lesson(" ".join(rng.choice(vocabulary, 12)), int(rng.integers(2)), is_example=True) for _ in range(60)]
    learner = Learner(lessons, labels=2)
    sure = [learner.chances(" ".join(rng.choice(vocabulary, 12))).max() for _ in range(50)]
    assert float(np.mean(sure)) < 0.75


def test_it_works_without_any_feature() -> None:
    assert Learner([Lesson("", 0, is_example=False)], labels=2).chances("anything").sum() == pytest.approx(1)
