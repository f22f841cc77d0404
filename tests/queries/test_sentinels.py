"""What the quality page is told of the sentinels: states in words, with the numbers behind them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.flow import canaries
from slider.models import Pulse, Task
from slider.queries import sentinels
from slider.queries.sentinels import Standing
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Company:
    return casts.company(share=0.5)


def route(task: Task, topics: list[str], *, prefix: str = "m") -> None:
    names = [f"{prefix}{number}" for number in range(len(topics))]
    casts.route_all(
        task,
        {name: casts.says({"topic": topic, "urgent": False}) for name, topic in zip(names, topics, strict=True)},
        bodies={name: {"text": f"Where is my parcel {name}? I have waited for days."} for name in names},
    )


def test_a_new_task_is_being_learned(cast: Company) -> None:
    found = sentinels.of(cast.task)
    assert {monitor.standing for monitor in found.monitors} == {Standing.LEARNING}
    assert "has seen 0" in found.monitors[0].words
    assert found.raised == ()
    assert (found.canaries.at, found.canaries.rows) == (None, ())
    assert found.looked == 0


def test_a_steady_task_is_quiet_with_its_variety_in_numbers(cast: Company) -> None:
    route(cast.task, [casts.TOPICS[number % 4] for number in range(320)])
    answers = sentinels.of(cast.task).monitors[0]
    assert answers.standing == Standing.QUIET
    assert answers.words == "2.0 bits of variety in the last 200 answers; usually 2.0."


def test_a_collapse_is_raised_with_the_answer_the_share_and_the_time(cast: Company) -> None:
    route(cast.task, [casts.TOPICS[number % 4] for number in range(320)])
    route(cast.task, ["refund"] * 80, prefix="s")
    (raised,) = sentinels.of(cast.task).raised
    assert " % of the last 200 answers are “topic refund, urgent no”, usually at most 35 %" in raised.words
    assert raised.since is not None
    assert timezone.now() - raised.since < timedelta(minutes=1)


def test_findings_are_counted_by_sentinel(cast: Company) -> None:
    casts.one(cast.task, "n1", text="da da da da da da")
    casts.one(cast.task, "n2")
    found = {watcher.name: watcher for watcher in sentinels.of(cast.task).watchers}
    assert set(found) == {"gibberish", "repetition", "echo", "unfamiliar", "language"}
    assert (found["repetition"].found, found["repetition"].words) == (1, "Sent to people: 1 of 2 items.")
    assert found["unfamiliar"].standing == Standing.LEARNING


def test_what_is_switched_off_says_so(cast: Company) -> None:
    cast.task.sentinels_off = ["collapse", "echo"]
    found = sentinels.of(cast.task)
    assert {monitor.standing for monitor in found.monitors} == {Standing.OFF}
    assert [watcher.name for watcher in found.watchers if watcher.standing == Standing.OFF] == ["echo"]


def test_answers_that_copy_by_nature_are_said_to() -> None:
    cast = casts.company(share=0.0)
    texts = [
        f"Please mend the spelling of sentence {n} in this text, and leave all else as it stands." for n in range(60)
    ]
    casts.route_all(
        cast.task,
        {f"m{n}": casts.says({"topic": "other", "urgent": False, "reply": text}) for n, text in enumerate(texts)},
        bodies={f"m{n}": {"text": text} for n, text in enumerate(texts)},
    )
    echo = next(watcher for watcher in sentinels.of(cast.task).watchers if watcher.name == "echo")
    assert echo.words == "Answers here usually copy its item: that is no finding. Sent to people: 50 of 60 items."


def test_canaries_are_told_with_their_limit_and_with_what_is_least_seen() -> None:
    cast = casts.company(share=0.0)
    route(cast.task, list(casts.TOPICS))
    for _ in casts.TOPICS:
        casts.decide(cast.reviewer, cast.task)
    canaries.run(cast.task.pk, count=90, seed=1)
    found = sentinels.of(cast.task).canaries
    assert found.at is not None
    assert [row.title for row in found.rows] == [
        "letters at random",
        "the same again and again",
        "another item's answer",
    ]
    assert found.rows[1].guarded == 0.0
    assert found.rows[1].high < 0.2
    assert found.words.startswith("Of 90 planted wrong answers")
    assert "Least is seen of: another item's answer" in found.words


def test_a_memory_that_cant_be_read_is_no_error_page(cast: Company) -> None:
    Pulse.objects.create(task=cast.task, state={"other": 1})
    assert sentinels.of(cast.task).looked == 0
