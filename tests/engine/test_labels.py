"""Labels: what each counts, and which of them reach the counters."""

import numpy as np

from slider.engine import audit, certificate, labels
from slider.engine.watch import Watch
from tests.engine.verdicts import count, verdicts

CUTS = certificate.CUTS


def test_a_label_counts_by_its_class_and_an_absent_one_not_at_all() -> None:
    found = verdicts(
        np.array([[True, False, True]]), classes=np.array([[0, 4, 12]]), present=np.array([[True, True, False]])
    )
    assert found.weights.tolist() == [[1.0, audit.LADDER[4], 0.0]]


def test_some_of_the_labels_are_the_same_labels_without_the_others() -> None:
    lane = np.array([[True, False, True]])
    found = verdicts(np.array([[True, True, False]]), lane=lane, present=np.array([[True, True, False]]))
    assert found.only(found.lane).present.tolist() == [[True, False, False]]
    assert found.only(~found.lane).present.tolist() == [[False, True, False]]
    assert found.present.tolist() == [[True, True, False]]


def test_one_stream_is_a_row() -> None:
    nobody = np.zeros(3, dtype=np.int64)
    found = labels.one(nobody, classes=nobody, wrong=nobody > 0, lane=nobody > 0, places=nobody, rungs=nobody)
    assert found.present.tolist() == [[True, True, True]]
    assert found.bins.shape == found.weights.shape == (1, 3)


def test_counted_they_are_what_counting_each_stream_alone_gives() -> None:
    rng = np.random.default_rng(1)
    shape = (4, 300)
    ranks, wrong = rng.random(shape), rng.random(shape) < 0.3
    classes, present = rng.integers(0, audit.STEPS, shape), rng.random(shape) < 0.6
    watch = Watch(np.full(4, 0.05), 0.05)
    count(watch, verdicts(wrong, bins=certificate.bins(ranks), classes=classes, present=present))
    for stream in range(4):
        here = present[stream]
        alone = certificate.count(ranks[stream, here], classes=classes[stream, here], wrong=wrong[stream, here])
        assert np.array_equal(watch.counters.wrong[stream], alone.wrong)
        assert np.array_equal(watch.counters.right[stream], alone.right)
    assert watch.counters.labels.tolist() == present.sum(axis=1).tolist()
