"""The form by which a result is corrected on the page of its item, drawn from the schema as the desk's fix is."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from slider.flow.review import Said, Unfit
from slider.models import Task, Verdict
from slider.queries import shape
from slider.queries.corrections import Holds
from slider.views import schema_form

OWN = ("reason", "note")  # the form's fields beside the answer's


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person had put into the form when it has to be shown again, and what is wrong with it."""

    form: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    note: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    own_errors: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


def read(request: HttpRequest, task: Task, holds: Holds) -> tuple[Said, Typed]:
    """The correction that the form means, and what was typed for it."""
    post = request.POST
    form = {key: post[key] for key in post if key.startswith(schema_form.PREFIX)}
    reason, note = post.get("reason", ""), post.get("note", "").replace("\r\n", "\n")
    if post.get("verdict") == Verdict.REJECT:
        return Said(Verdict.REJECT, reason=reason, note=note), Typed(form, reason, note)
    reading = schema_form.read(task.output_schema, form, before=holds.answer)
    return Said(Verdict.FIX, reading.value, reason, note), Typed(form, reason, note, dict(reading.errors))


def refused(typed: Typed, error: Unfit, task: Task) -> Typed:
    """The same with an error where it belongs: at a field, or above the form."""
    if error.where in OWN:
        return Typed(typed.form, typed.reason, typed.note, own_errors={error.where: str(error)})
    known = {part.name for part in shape.parts(task.output_schema, None)}
    errors = schema_form.error_at(error.where, str(error))
    if known.issuperset(errors):
        return Typed(typed.form, typed.reason, typed.note, errors)
    return Typed(typed.form, typed.reason, typed.note, trouble=str(error))


def context(task: Task, holds: Holds, typed: Typed | None) -> dict[str, Any]:
    """What the page draws the form from."""
    typed = typed or Typed()
    fields = schema_form.draw(task.output_schema, holds.answer, typed=typed.form or None, errors=typed.errors)
    is_wrong = bool(typed.errors or typed.own_errors or typed.trouble)
    return {
        "holds": holds,
        "fields": sorted(fields, key=lambda field: shape.is_bulky(field.part)),
        "reasons": list(task.reason_words.items()),
        "typed": typed,
        "is_open": is_wrong,
    }
