"""What a form of the desk's sheet means in practice: the same verdicts, without notes and marks."""

from django.http import HttpRequest

from slider.flow.review import Said, Unfit
from slider.models import Verdict
from slider.queries.sheet import Sheet
from slider.views import schema_form
from slider.views.desk_pages import Typed

LUCKY = "lucky"


def read(request: HttpRequest, sheet: Sheet) -> tuple[Said, Typed]:
    """The verdict that the form means, and what was typed for it."""
    post = request.POST
    form = schema_form.typed_in(post)
    if pick := post.get("pick"):
        chosen = next((one for one in sheet.alternatives if str(one.key) == pick), None)
        if chosen is None:
            return Said(Verdict.FIX), Typed(form, {"": "That alternative is not offered any more."}, doing="fix")
        return Said(Verdict.FIX, chosen.answer), Typed(form)
    verdict, _, reason = post.get("verdict", "").partition(":")
    if verdict == Verdict.REJECT:
        return Said(Verdict.REJECT, reason=reason or post.get("reason", "")), Typed(form, doing="reject")
    if verdict in (Verdict.ACCEPT, LUCKY):
        return Said(Verdict.ACCEPT), Typed(form)
    reading = schema_form.read(sheet.task.output_schema, form, before=sheet.proposal)
    return Said(Verdict.FIX, reading.value), Typed(form, dict(reading.errors), doing="fix")


def reshaped(request: HttpRequest, sheet: Sheet, wish: str) -> Typed:
    """What was typed, in a form of another shape."""
    form = schema_form.typed_in(request.POST)
    texts, focus = schema_form.reshape(sheet.task.output_schema, form, wish, value=sheet.proposal)
    return Typed(texts, doing="fix", focus=focus)


def refused(sheet: Sheet, said: Said, typed: Typed, error: Unfit) -> Typed:
    """The same with the errors where they belong: at fields, or above the form."""
    errors = schema_form.wrong(sheet.task.output_schema, said.answer) if said.verdict == Verdict.FIX else {}
    doing = "reject" if said.verdict == Verdict.REJECT else "fix"
    return Typed(typed.form, errors or {error.where: str(error)}, typed.note, doing)
