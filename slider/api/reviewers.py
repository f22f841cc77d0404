"""The people who review: to those who answer for a task all of them, to each person their own; known answers."""

from typing import Any

from django.http import HttpRequest
from ninja import Status

from slider.api import body, finding, reviewers_told, reviews
from slider.api import shapes_reviewers as forms
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.flow import adjudicate, known, practice
from slider.models import ApiKey, Gauge, Item, Known, Review, Scope, Stands
from slider.queries import clock, desk, disagreements, reviewers, sway
from slider.queries import practice as practised

_TAG = {"tag": "Reviewers"}


@call("GET", "/tasks/{task}/reviewers", Terms(Scope.ADMINISTER, {200: forms.TeamOut}, extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """Everybody who reviews a task, what known answers say of them, and where a word is wanted."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    swayed = sway.of(found)
    policy = Gauge.objects.select_related("policy").get(pk=found.pk).policy
    return reviewers_told.team(reviewers.team(found)) | {
        "taken": reviewers.taken(policy),
        "to_measure": reviewers.to_measure(found.pk),
        "hidden_chance": swayed.chance,
        "sway": reviewers_told.sway(swayed.rows),
        "trainees": [reviewers_told.trainee(one) for one in practised.gym(found).people],
        "splits": [reviewers_told.split(one) for one in disagreements.splits(found)],
    }


@call("POST", "/tasks/{task}/reviewers/{member_id}/let-in", Terms(Scope.ADMINISTER, {204: None}, extra=_TAG))
def let_in(request: HttpRequest, task: str, member_id: str) -> Status[Any]:
    """Let somebody begin with live items of a task without practice; said twice, it is done once."""
    key = finding.key(request)
    found, member = finding.task(key, task), body.identifier(member_id)
    body.refuse_unknown(request)
    try:
        practice.let_in(found, member, by=finding.person(key))
    except practice.Stranger:
        raise not_found() from None
    return Status(204, None)


@call("POST", "/reviews/{review_id}/settle", Terms(Scope.ADMINISTER, {204: None}, takes=forms.Settle, extra=_TAG))
def settle(request: HttpRequest, review_id: str) -> Status[Any]:
    """Say which of two looks stands; `review_id` is the second's. The item is a known answer then, with these words."""
    key = finding.key(request)
    look = Review.objects.filter(pk=body.identifier(review_id), task__project=key.project_id).first()
    if look is None:
        raise not_found()
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.Settle)
    try:
        adjudicate.say(look.pk, stands=Stands(wanted.stands), words=wanted.words, by=finding.person(key))
    except known.Unfit as error:
        raise Fault(422, "unfit", reviews.sentence(error), where="/words") from None
    except adjudicate.Settled as error:
        raise Fault(409, "settled", reviews.sentence(error)) from None
    return Status(204, None)


@call(
    "POST",
    "/items/{item_id}/known",
    Terms(Scope.ADMINISTER, {200: forms.KnownOut}, takes=forms.MarkKnown, extra=_TAG),
)
def mark(request: HttpRequest, item_id: str) -> dict[str, Any]:
    """Make a known answer of a finished item. Nothing that has left is changed by it."""
    key = finding.key(request)
    item = _item(key, item_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.MarkKnown)
    try:
        made = known.mark(item, draft_right=wanted.draft_right, words=wanted.words, by=finding.person(key))
    except known.Unfit as error:
        is_words = not wanted.words.strip() or "\x00" in wanted.words
        raise Fault(422, "unfit", reviews.sentence(error), where="/words" if is_words else "") from None
    return reviewers_told.known(made)


@call("DELETE", "/items/{item_id}/known", Terms(Scope.ADMINISTER, {204: None}, extra=_TAG))
def retire(request: HttpRequest, item_id: str) -> Status[Any]:
    """Take a known answer out: it was none, and counts for nobody, the past included."""
    item = _item(finding.key(request), item_id)
    body.refuse_unknown(request)
    if not Known.objects.filter(pk=item.pk, retired_at=None).exists():
        raise not_found()
    known.retire(item.pk, task_id=item.task_id)
    return Status(204, None)


@call("GET", "/my-work", Terms(Scope.REVIEW, {200: forms.MyWorkOut}, extra=_TAG))
def mine(request: HttpRequest) -> dict[str, Any]:
    """The own work of the key's person. Known answers count from the day after, so that no look can be told by it."""
    key = finding.key(request)
    user_id = finding.person(key)
    body.refuse_unknown(request)
    tasks = [one for one in desk.tasks_of(user_id) if one.project_id == key.project_id]
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [(task, one) for task in tasks for one in reviewers.persons(task, user_id=user_id, before=today)]
    lessons = disagreements.lessons(user_id, tasks, before=today)
    return {
        "tasks": [{"task": task.slug} | reviewers_told.figures(one) for task, one in rows],
        "lessons": [reviewers_told.lesson(one) for one in lessons],
    }


def _item(key: ApiKey, item_id: str) -> Item:
    found = Item.objects.filter(pk=body.identifier(item_id), task__project=key.project_id).first()
    if found is None:
        raise not_found()
    return found
