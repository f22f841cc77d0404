"""Whatever is done to the log past its triggers is found, and the first row that is not as it was written is named."""

import random
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from slider.models import Task
from slider.queries import chain
from slider.queries.chain import Head
from tests import casts, logs

pytestmark = pytest.mark.django_db
ENTRIES = 2_000
WAYS = tuple(logs.ways("", 1, 2))


@pytest.fixture
def task() -> Task:
    """A task whose chain has begun with its making, and is long."""
    cast = casts.company()
    logs.link_now()
    logs.grow(cast.task, ENTRIES)
    return cast.task


def test_a_log_as_it_was_written_is_whole(task: Task) -> None:
    walked = chain.walk()
    assert walked.problems == []
    assert walked.heads[f"task {task.pk}"].number >= ENTRIES
    assert {"site", f"project {task.project_id}"} <= set(walked.heads)
    assert walked.heads == chain.heads()


@pytest.mark.parametrize("way", WAYS)
def test_it_names_the_first_row_that_was_tampered_with(task: Task, way: str) -> None:
    name, rng = f"task {task.pk}", random.Random(way)
    last = chain.heads()[name].number
    for number in (1, last - 1, *(rng.randrange(2, last - 1) for _ in range(4))):
        other = rng.choice([n for n in (1, last, number + 1, rng.randrange(1, last)) if n != number])
        with logs.tampered(*logs.ways(name, number, other)[way]):
            problems = [one for one in chain.walk().problems if one.number is not None]
            named = (problems[0].chain, problems[0].number) if problems else None
            assert named == (name, min(number, other) if "swapped" in way else number), f"{way} at {number}"
            assert len(problems) == 1
    assert chain.walk().problems == []


@pytest.mark.parametrize("cut", [1, 2, 700, ENTRIES])
def test_a_chain_cut_off_at_its_end_is_found_by_the_kept_head(task: Task, cut: int) -> None:
    kept, name = chain.heads(), f"task {task.pk}"
    left = kept[name].number - cut
    entries = "SELECT entry_id FROM slider_link WHERE chain = %s AND number > %s"
    with logs.tampered(
        (f"DELETE FROM slider_entry WHERE id IN ({entries})", (name, left)),
        ("DELETE FROM slider_link WHERE chain = %s AND number > %s", (name, left)),
    ):
        walked = chain.walk()
        assert walked.problems == [], "without a head nobody can know"
        (problem,) = chain.compare(walked, kept)
        assert (problem.chain, problem.number) == (name, left + 1)
        assert "cut off" in problem.what


def test_a_whole_chain_that_is_gone_is_found_by_the_kept_head(task: Task) -> None:
    kept, name = chain.heads(), f"task {task.pk}"
    with logs.tampered(
        ("DELETE FROM slider_entry WHERE chain = %s", (name,)), ("DELETE FROM slider_link WHERE chain = %s", (name,))
    ):
        (problem,) = chain.compare(chain.walk(), kept)
        assert (problem.chain, problem.number) == (name, 1)


def test_a_chain_written_anew_is_found_by_the_kept_head_alone(task: Task) -> None:
    """Somebody who knows all and may do all: only what stands elsewhere tells."""
    kept, name = chain.heads(), f"task {task.pk}"
    with logs.tampered():
        logs.sql("SET LOCAL session_replication_role = replica")
        rows = list(chain.rows(name))
        logs.sql("UPDATE slider_entry SET by_id = 1 WHERE id = %s", rows[-3].entry_id)
        before = rows[-4].hash
        for row in list(chain.rows(name, after=rows[-4].number)):
            before = chain.link(row, before)
            logs.sql("UPDATE slider_link SET hash = %s WHERE entry_id = %s", before, row.entry_id)
        walked = chain.walk()
        assert walked.problems == []
        (problem,) = chain.compare(walked, kept)
        assert "written anew" in problem.what


def test_a_head_from_before_more_was_written_still_holds(task: Task) -> None:
    kept = chain.heads()
    logs.grow(task, 3)
    assert chain.compare(chain.walk(), kept) == []


def test_an_entry_without_a_link_is_found(task: Task) -> None:
    name = f"task {task.pk}"
    with logs.tampered(("DELETE FROM slider_link WHERE chain = %s AND number = 1", (name,))):
        assert "it has no link" in [one.what for one in chain.walk().problems]


def test_an_entry_moved_to_another_chain_is_found(task: Task) -> None:
    name = f"task {task.pk}"
    entry = "(SELECT entry_id FROM slider_link WHERE chain = %s AND number = 9)"
    with logs.tampered((f"UPDATE slider_entry SET chain = 'site' WHERE id = {entry}", (name,))):
        (problem,) = chain.walk().problems
        assert (problem.chain, problem.number) == (name, 9)


def test_a_link_put_before_the_first_is_found(task: Task) -> None:
    name = f"task {task.pk}"
    put = "INSERT INTO slider_link (entry_id, chain, number, hash) VALUES (-1, %s, %s, '\\x00')"
    for number in (0, -(2**40)):
        with logs.tampered((put, (name, number))):
            assert chain.walk().problems[0].chain == name


def test_a_head_as_a_file_says_where_each_chain_ends() -> None:
    text = chain.document({"task 2": Head(7, "ab"), "site": Head(1, "cd")}, at=datetime(2026, 11, 28, tzinfo=UTC))
    assert text.splitlines()[1:5] == [
        ' "slider_log": 1,',
        ' "at": "2026-11-28T00:00:00+00:00",',
        ' "chains": {',
        '  "site": {',
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE slider_entry SET kind = 'key'",
        "DELETE FROM slider_entry",
        "TRUNCATE slider_entry",
        "UPDATE slider_link SET number = number + 1",
        "DELETE FROM slider_link",
        "TRUNCATE slider_link",
    ],
)
def test_the_database_refuses_every_change_of_the_log(statement: str) -> None:
    casts.company()
    logs.link_now()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        logs.sql(statement)
