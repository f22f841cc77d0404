"""The text for Prometheus: what it may not break on, and what is left out."""

import math

import pytest

from slider import exposition
from slider.exposition import Family


def test_a_family_is_told_with_its_help_kind_and_samples() -> None:
    family = Family("slider_items", "gauge", "Items\nby \\ stage.", ("task", "stage"))
    family.add(3, "sort", "waiting")
    family.add(0.25, 'a "b"\n\\c', "done")
    assert exposition.text([family]) == (
        "# HELP slider_items Items\\nby \\\\ stage.\n"
        "# TYPE slider_items gauge\n"
        'slider_items{task="sort",stage="waiting"} 3\n'
        'slider_items{task="a \\"b\\"\\n\\\\c",stage="done"} 0.25\n'
    )


def test_a_family_without_samples_can_be_looked_up_and_what_is_not_known_is_left_out() -> None:
    family = Family("slider_age_seconds", "gauge", "Age.")
    family.add(None)
    assert exposition.text([family]).splitlines() == [
        "# HELP slider_age_seconds Age.",
        "# TYPE slider_age_seconds gauge",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (2**60, "1.152921504606847e+18"), (True, "1")],
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, written: str) -> None:
    family = Family("slider_x", "counter", "X.")
    family.add(value)
    assert exposition.text([family]).splitlines()[-1] == f"slider_x {written}"


def test_a_sample_has_a_value_for_each_label() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        Family("slider_x", "gauge", "X.", ("task",)).add(1)
