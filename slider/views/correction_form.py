"""The form by which a result is corrected on the page of its item, drawn from the schema as the desk's fix is."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from slider.flow.review import Said, Unfit
from slider.models import Correction, Task, Verdict
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
    focus: str | None = None  # what to go on with, where the form has got another shape
    is_back: bool = False  # it stands there again since it was taken back


def read(request: HttpRequest, task: Task, holds: Holds) -> tuple[Said, Typed]:
    """The correction that the form means, and what was typed for it."""
    post = request.POST
    form = schema_form.typed_in(post)
    reason, note = post.get("reason", ""), post.get("note", "").replace("\r\n", "\n")
    if post.get("verdict") == Verdict.REJECT:
        return Said(Verdict.REJECT, reason=reason, note=note), Typed(form, reason, note)
    reading = schema_form.read(task.output_schema, form, before=holds.answer)
    return Said(Verdict.FIX, reading.value, reason, note), Typed(form, reason, note, dict(reading.errors))


def reshaped(request: HttpRequest, task: Task, holds: Holds, wish: str) -> Typed:
    """What was typed, in a form of another shape."""
    post = request.POST
    form, focus = schema_form.reshape(task.output_schema, schema_form.typed_in(post), wish, value=holds.answer)
    return Typed(form, post.get("reason", ""), post.get("note", ""), focus=focus)


def taken_back(one: Correction, task: Task) -> Typed:
    """A correction that was taken back, as it was typed: nobody types it twice."""
    form = schema_form.fill(task.output_schema, one.answer, whole=True) if one.verdict == Verdict.FIX else {}
    return Typed(form, one.reason, one.note, is_back=True)


def in_words(request: HttpRequest, task: Task) -> str:
    """What was typed, to copy, where there is no form any more that it could stand in."""
    post = request.POST
    lines = [
        f"{name}: {text}"
        for key, text in schema_form.typed_in(post).items()
        if text and (name := schema_form.shown(key))
    ]
    reason = post.get("reason", "")
    lines += [f"what was wrong: {task.reason_words.get(reason, reason)}"] if reason else []
    lines += [f"note: {note}"] if (note := post.get("note", "")) else []
    return "\n".join(lines)


def refused(typed: Typed, said: Said, error: Unfit, task: Task) -> Typed:
    """The same with the errors where they belong: at fields, or above the form."""
    if error.where in OWN:
        return Typed(typed.form, typed.reason, typed.note, own_errors={error.where: str(error)})
    errors = schema_form.wrong(task.output_schema, said.answer) if said.verdict == Verdict.FIX else {}
    return Typed(typed.form, typed.reason, typed.note, errors or {error.where: str(error)})


def context(task: Task, holds: Holds, typed: Typed | None) -> dict[str, Any]:
    """What the page draws the form from."""
    typed = typed or Typed()
    fields = schema_form.draw(
        task.output_schema, holds.answer, typed=typed.form or None, errors=typed.errors, focus=typed.focus
    )
    is_wrong = bool(typed.errors or typed.own_errors or typed.trouble or typed.focus is not None or typed.is_back)
    return {
        "holds": holds,
        "fields": sorted(fields, key=lambda field: field.is_bulky),
        "form_error": typed.trouble or schema_form.loose(fields, typed.errors),
        "reasons": list(task.reason_words.items()),
        "typed": typed,
        "is_open": is_wrong,
    }
