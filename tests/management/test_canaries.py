"""`manage.py canaries`: names a task, says the figures, and explains what it can't do."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from slider.models import Pulse
from tests import casts

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("canaries", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company(share=0.0)
    for number, topic in enumerate(casts.TOPICS):
        casts.one(made.task, f"m{number}", casts.says({"topic": topic, "urgent": False}))
        casts.decide(made.reviewer, made.task)
    return made


def test_it_writes_a_line_a_kind_and_keeps_the_result(cast: casts.Company) -> None:
    said = run("support-desk/sort-messages", "--count=60")
    assert "letters at random" in said
    assert "all together" in said
    assert Pulse.objects.get(pk=cast.task.pk).canaries["alone"]["all"]["shown"] == 60


def test_it_writes_json(cast: casts.Company) -> None:
    found = json.loads(run("sort-messages", "--count=30", "--json"))
    assert found["guarded"]["repetition"]["missed"] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-such-task"], "there are support-desk/sort-messages"),
        (["elsewhere/sort-messages"], "There is no task"),
        (["sort-messages", "--count=0"], "from 1 to 10000"),
    ],
)
def test_it_says_what_is_wrong(cast: casts.Company, words: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*words)


def test_two_tasks_of_one_name_need_their_project(cast: casts.Company) -> None:
    casts.company(prefix="other-")
    with pytest.raises(CommandError, match="name the project as well"):
        run("sort-messages")


def test_a_task_that_nobody_reviewed_says_what_to_do() -> None:
    casts.company()
    with pytest.raises(CommandError, match="Review some items first"):
        run("sort-messages")
