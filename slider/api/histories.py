"""Histories: past outputs with verdicts are looked at, read anew by what somebody says, put into force, or dropped."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from django.http import HttpRequest
from ninja import Status

from slider.api import body, cursors, finding, shapes_histories
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import Fault, not_found
from slider.api.histories_told import brief, whole
from slider.flow import histories, policies
from slider.flow.past import saying
from slider.flow.past.meaning import Meaning, Signal
from slider.flow.past.saying import Trouble
from slider.flow.past.survey import Column, read_as
from slider.models import Past, PastState, Scope
from slider.queries import past as reads

_TAG = {"tag": "Histories"}
_ONE = "/histories/{history_id}"


@call(
    "GET", "/tasks/{task}/histories", Terms(Scope.INTAKE, {200: shapes_histories.PastsOut}, queries=PAGED, extra=_TAG)
)
def list_histories(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's histories; one comes in as an import with the purpose history."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"histories {found.pk}")
    rows = reads.earlier(found, before=place[0] if place else None, most=limit + 1)
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    return {"histories": [brief(one) for one in rows[:limit]], "next": following}


@call("GET", _ONE, Terms(Scope.INTAKE, {200: shapes_histories.OnePastOut}, extra=_TAG))
def show(request: HttpRequest, history_id: str) -> dict[str, Any]:
    """One history: how its columns are read, what is asked, what was found, and what it would allow."""
    body.refuse_unknown(request)
    return whole(_found(request, history_id))


@call(
    "POST",
    f"{_ONE}/read",
    Terms(Scope.INTAKE, {202: shapes_histories.OnePastOut}, takes=shapes_histories.ReadAnew, extra=_TAG),
)
def read(request: HttpRequest, history_id: str) -> Status[Any]:
    """Say what its columns mean, or answer what is asked; the file is read anew by it."""
    past = _found(request, history_id)
    body.refuse_unknown(request)
    said = body.shaped(request, shapes_histories.ReadAnew)
    if (said.columns is None) is (said.answers is None):
        raise Fault(422, "unfit", "Say what the columns mean, or answer what is asked: one of the two.")
    if past.state not in (PastState.ASKING, PastState.READY):
        raise Fault(409, "not_asking", f"This history {past.get_state_display()}: nothing was changed.")
    meaning = _meant(past, said.columns) if said.columns is not None else _answered(past, said.answers)
    try:
        histories.reread(past, meaning)
    except histories.Unfit as error:
        raise Fault(409, "not_asking", _words(error)) from None
    return Status(202, whole(_found(request, history_id)))


@call(
    "POST",
    f"{_ONE}/confirm",
    Terms(Scope.STEER, {200: shapes_histories.OnePastOut}, takes=shapes_histories.PutInForce, extra=_TAG),
)
def confirm(request: HttpRequest, history_id: str) -> dict[str, Any]:
    """Put it into force: it begins an epoch of evidence. 409 where somebody moved the slider since `expected`."""
    past = _found(request, history_id)
    body.refuse_unknown(request)
    said = body.shaped(request, shapes_histories.PutInForce)
    if past.state != PastState.READY:
        raise Fault(409, "not_ready", f"This history {past.get_state_display()}: it can't be put into force.")
    by = finding.person(finding.key(request))
    try:
        histories.confirm(past.pk, reason=said.reason, by=by, expected=said.expected)
    except histories.Unfit as error:
        raise Fault(422, "unfit", _words(error), where="/reason") from None
    except policies.Superseded as error:
        hint = f"Look at it anew, and say what you want with expected={error.newest.number}."
        raise Fault(409, "superseded", f"{error}.".capitalize(), where="/expected", hint=hint) from None
    return whole(_found(request, history_id))


@call("DELETE", _ONE, Terms(Scope.INTAKE, {204: None}, refuses=(409,), extra=_TAG))
def drop(request: HttpRequest, history_id: str) -> Status[Any]:
    """Forget one that is not in force, its rows and its file with it; once more does nothing."""
    past = _found(request, history_id)
    body.refuse_unknown(request)
    try:
        histories.drop(past, by=finding.key(request).person_id)
    except histories.Unfit as error:
        raise Fault(409, "over", _words(error)) from None
    return Status(204, None)


def _found(request: HttpRequest, history_id: str) -> Past:
    found = Past.objects.select_related("task__project", "worker", "file__task", "by", "policy")
    past = found.filter(pk=body.identifier(history_id), task__project=finding.key(request).project_id).first()
    if past is None:
        raise not_found()
    return past


def _meant(past: Past, said: shapes_histories.ColumnsSaid) -> Meaning:
    columns = [Column.from_json(column) for column in past.columns]
    by_name = {column.name: column for column in columns}

    def signal(one: shapes_histories.SignalSaid) -> Signal:
        column = by_name.get(one.column)
        return Signal(one.column, one.way or (read_as(column) if column else "logodds"))

    meant = Meaning(
        **{name: getattr(said, name) for name in saying.PLAIN},
        says=said.says,
        signals={name: signal(one) for name, one in said.signals.items()},
        keep=tuple(said.keep),
    )
    _refuse([*saying.troubles(meant), *saying.strangers(meant, columns)], "/columns")
    return saying.merged(meant, before=Meaning.from_json(past.answers))


def _answered(past: Past, said: shapes_histories.AnswersSaid | None) -> Meaning:
    asked, given = past.findings.get("questions", []), {} if said is None else said.model_dump()
    wrong: list[Trouble] = []
    for question in saying.ANSWERS:
        known, answer = [value for value, _ in saying.choices(question, past)], given.get(question)
        if question not in asked and answer is not None:
            wrong.append(Trouble(f"/{question}", "Nobody asks that of this history."))
        elif question in asked and answer not in known:
            words = f"Choose one of {', '.join(map(repr, known))}: nothing is kept before it is answered."
            wrong.append(Trouble(f"/{question}", words[:400]))
    if not wrong and not any(question in asked for question in saying.ANSWERS):
        wrong.append(Trouble("", "Nothing is asked of this history that has choices: say what its columns mean."))
    _refuse(wrong, "/answers")
    answers = {name: given[question] for question, name in saying.ANSWERS.items() if question in asked}
    return replace(Meaning.from_json(past.answers), **answers)


def _refuse(wrong: Iterable[Trouble], under: str) -> None:
    found = [asdict(one) for one in wrong][:20]
    if not found:
        return
    more = [{"code": "unfit", "where": under + one["where"], "detail": one["words"]} for one in found]
    raise Fault(422, "unfit", more[0]["detail"], where=more[0]["where"], more=more)


def _words(error: histories.Unfit) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
