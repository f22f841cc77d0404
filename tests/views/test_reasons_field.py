"""A task's reasons in its settings: one a line, refused in words, and never taken away by a page that lacks them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from slider.models import Task, reasons
from slider.views.reasons_field import ReasonsForm
from tests import casts


def problem(text: str) -> str:
    form = ReasonsForm({"reasons": text})
    return "" if form.is_valid() else str(form.errors["reasons"][0])


def test_a_line_is_a_code_and_words_or_words_alone() -> None:
    form = ReasonsForm({"reasons": "late: Too  late: by far\n\nNo such order\n"})
    assert form.is_valid()
    assert form.cleaned_data["reasons"] == [
        {"code": "late", "words": "Too late: by far"},
        {"code": "no-such-order", "words": "No such order"},
    ]


def test_what_is_stored_is_shown_as_it_is_written() -> None:
    shown = ReasonsForm(initial={"reasons": reasons.default()})["reasons"].value()
    assert shown.splitlines()[:2] == ["wrong: Wrong value", "policy: Against policy"]
    assert problem(shown) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1 to 9"),
        ("\n".join(f"r{n}: Reason {n}" for n in range(10)), "10 reasons"),
        ("Bad Code: words", "code 'Bad Code'"),
        (": words", "code ''"),
        ("日本", "code ''"),
        ("a" * 41 + ": words", "code 'aaa"),
        ("a:", "words ''"),
        ("a: " + "x" * 61, "1 to 60 characters"),
        ("a: x\u202ey", "in one line"),
        ("a: One\na: Two", "Two reasons have the code 'a'"),
        ("a: One\nb: one", "Two reasons have the wording 'one'"),
    ],
)
def test_what_can_not_be_reasons_is_refused(text: str, words: str) -> None:
    assert words in problem(text)


@pytest.mark.parametrize("held", [None, {}, [{"code": "a"}], [{"code": "a", "words": 1}], ["a"]])
def test_nothing_else_is_a_tasks_reasons(held: object) -> None:
    with pytest.raises(ValidationError):
        reasons.check(held)


@pytest.mark.django_db
@pytest.mark.parametrize("held", [[], {}, [{}] * 10])
def test_the_database_holds_one_to_nine(held: object) -> None:
    casts.company()
    with pytest.raises(IntegrityError, match="task_reasons"), transaction.atomic():
        Task.objects.update(reasons=held)


def test_a_page_without_the_field_takes_nothing_away() -> None:
    task = Task(reasons=[{"code": "late", "words": "Too late"}])
    form = ReasonsForm({"name": "x"})
    assert form.is_valid()
    form.fill(task)
    assert task.reason_words == {"late": "Too late"}
