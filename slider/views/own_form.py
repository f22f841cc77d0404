"""The form of an answer that is given before the draft is shown."""

from typing import Any

from django.http import HttpRequest

from slider.models import Task
from slider.views import schema_form
from slider.views.desk_pages import Typed

OWN = "own"  # the verdict of a button: what I said before I saw the draft
NONE = "none"  # the button that says that no answer can be given


def read(request: HttpRequest, task: Task) -> tuple[Typed, Any]:
    """What was typed, with errors where it can't be an answer; and the answer, None where none can be given."""
    form = schema_form.typed_in(request.POST)
    if request.POST.get("answer") == NONE:
        return Typed(form), None
    reading = schema_form.read(task.output_schema, form)
    return Typed(form, dict(reading.errors)), reading.value


def reshaped(request: HttpRequest, task: Task, wish: str) -> Typed:
    """What was typed, in a form of another shape."""
    texts, focus = schema_form.reshape(task.output_schema, schema_form.typed_in(request.POST), wish)
    return Typed(texts, focus=focus)


def refused(typed: Typed, task: Task, answer: Any, where: str, words: str) -> Typed:
    """The same with all that is wrong at its fields, or over the form where it has none."""
    return Typed(typed.form, schema_form.wrong(task.output_schema, answer) or {where: words})
