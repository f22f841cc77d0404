"""The form of an answer that is given before the draft is shown."""

from typing import Any

from django.http import HttpRequest

from slider.models import Task
from slider.queries import shape
from slider.views import schema_form
from slider.views.desk_pages import Typed

OWN = "own"  # the verdict of a button: what I said before I saw the draft
NONE = "none"  # the button that says that no answer can be given


def read(request: HttpRequest, task: Task) -> tuple[Typed, Any]:
    """What was typed, with errors where it can't be an answer; and the answer, None where none can be given."""
    form = {key: request.POST[key] for key in request.POST if key.startswith(schema_form.PREFIX)}
    if request.POST.get("answer") == NONE:
        return Typed(form), None
    reading = schema_form.read(task.output_schema, form)
    return Typed(form, dict(reading.errors)), reading.value


def refused(typed: Typed, task: Task, where: str, words: str) -> Typed:
    """The same with the refusal at its field, or over the form where it has none."""
    errors = schema_form.error_at(where, words)
    if not {part.name for part in shape.parts(task.output_schema)}.issuperset(errors):
        errors = {"": words}
    return Typed(typed.form, errors)
