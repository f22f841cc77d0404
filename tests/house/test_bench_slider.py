"""The slider's bench: it writes where the page says, measures the truth it judges by, and says what is absent."""

from pathlib import Path

import numpy as np
import pytest

from bench import page, rows, slider, streams, tables, tracking

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PARTS = ("machine", "streams", "changes", "share", "real", "once")


def test_every_table_has_its_place_on_the_page(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks.md"
    copy.write_text(PAGE.read_text())
    page.write(copy, {name: [f"| {name} |"] for name in PARTS})
    page.write(copy, {name: ["", f"| {name} again, with a \\1 |", ""] for name in PARTS})
    text = copy.read_text()
    assert all(f"| {name} again, with a \\1 |" in text for name in PARTS)
    assert "| streams |" not in text
    assert text.startswith(PAGE.read_text().partition("<!--")[0])


def test_a_page_without_a_place_is_refused_and_left_alone(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text("<!-- bench.slider: real -->\n<!-- bench.slider: end of real -->\n")
    with pytest.raises(page.NoPlace, match="streams"):
        page.write(copy, {"real": ["figures"], "streams": ["figures"]})
    assert "figures" not in copy.read_text()


def test_absent_files_are_said_to_be_absent() -> None:
    assert dict(slider.real(slider.options([]))) == {"real": [slider.ABSENT], "once": [slider.ABSENT]}


def test_a_command_is_told_without_the_paths_of_a_machine() -> None:
    (line,) = page.machine(["--replays", "5", "/some/where/outputs.jsonl.gz"])
    assert "`python -m bench.slider --replays 5 outputs.jsonl.gz`" in line


def test_rows_become_lines_with_or_without_a_change() -> None:
    asked = [rows.Asked(name, "hoeffding", replays=2, seed=1, items=1000) for name in rows.ROWS if "null" in name]
    lines = list(tables.streams([(one, rows.run(one)) for one in asked[:1]]))
    assert lines[0].startswith("| stream ")
    assert "hoeffding" in lines[2]
    assert len(list(tables.changes([]))) == 2


def test_the_true_error_of_a_flat_stream_is_flat_whatever_is_open() -> None:
    kind = streams.Kind(flat=0.0302)
    stream = streams.Made(kind, replays=2, seed=1)
    stream.block(0, 50)
    assert np.allclose(stream.errors(), 0.0302)
    assert stream.error_above(np.array([0.0, np.inf])).tolist() == [0.0302, 0.0]


def test_streams_are_drawn_with_the_chances_that_they_name() -> None:
    # The second half of a silent regression: the odds of an error are ten times as high, the scores as before.
    kind = streams.Kind(multiple=10.0)
    before, after = (streams.Made(kind, replays=400, seed=2).block(start, 50) for start in (0, streams.CHANGE))
    assert (before.scores == after.scores).all()
    odds = [block.p_wrong / (1.0 - block.p_wrong) for block in (before, after)]
    assert np.allclose(odds[1], 10.0 * odds[0])
    assert abs(before.wrong.mean() - before.p_wrong.mean()) < 0.01


def test_a_cluster_is_confident_and_wrong() -> None:
    block = streams.Made(streams.Kind(cluster=0.04), replays=400, seed=2).block(0, 50)
    inside = block.p_wrong == 0.6
    assert abs(inside.mean() - 0.04) < 0.005
    assert (block.scores[inside] >= streams.LEVELS[99]).all()


@pytest.mark.parametrize("kind", tracking.KINDS)
def test_the_share_follows_the_slider_on_every_kind_of_scores(kind: str) -> None:
    found = tracking.tracked(kind, share=0.8, replays=2, seed=1)
    assert found.after[2][1] <= 0.5
    assert found.worst[1] <= 100 * 10 / tracking.WINDOW
    tied = tracking.scores("tied", np.random.default_rng(1))
    assert abs(float((tied == 1.0).mean()) - 0.76) < 0.03


def test_every_row_that_promises_is_run_with_the_products_rule() -> None:
    assert all("guarded" in rows.rules(name) for name in rows.ROWS)
