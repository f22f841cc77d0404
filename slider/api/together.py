"""Like items of a task: listed by what they have in common, decided in one go, each stored singly, and taken back."""

from typing import Any

from django.http import HttpRequest

from slider import strict
from slider.api import body, finding
from slider.api import shapes_together as forms
from slider.api.calls import Terms, call, query
from slider.api.faults import Fault
from slider.flow import together as deciding
from slider.flow.review import Said
from slider.models import Scope, Verdict, Why
from slider.queries import together

_TAG = {"tag": "Like items"}
_ADDRESS = "/tasks/{task}/together"
_LONGEST = 1000
_ANSWER = query(
    "answer", {"type": "string", "maxLength": _LONGEST}, "Only where the proposal has this value: see `answers`."
)
_WHYS = [str(one) for one in Why]
_WHY = query("why", {"type": "string", "enum": _WHYS}, "Only what is with people for this reason: see `whys`.")
_LIKE = query("like", {"type": "integer", "minimum": 1}, "Only looks with the whole proposal of this look.")


@call(
    "GET",
    _ADDRESS,
    Terms(Scope.REVIEW, {200: forms.LikesOut}, queries=(_ANSWER, _WHY, _LIKE), extra=_TAG),
)
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """The open looks of a task that this person may decide together, and by what they can be grouped."""
    key = finding.key(request)
    found, person = finding.task(key, task), finding.person(key)
    body.refuse_unknown(request, "answer", "why", "like")
    why = body.choice(request, "why", _WHYS) or ""
    likes = together.find(found, person, answer=_answer(request), why=why, like=_like(request))
    return {
        "looks": [
            {"id": one.review_id, "item": one.item_id}
            | {name: getattr(one, name) for name in ("title", "answer", "why", "distrusted")}
            for one in likes.rows
        ],
        "more": likes.more,
        "answers": [_choice(one) for one in likes.answers],
        "whys": [_choice(one) for one in likes.whys],
        "said": [
            {"id": one.review_id, "item": one.item_id}
            | {name: getattr(one, name) for name in ("title", "verdict", "left_s")}
            for one in together.said(found, person)
        ],
    }


@call("POST", _ADDRESS, Terms(Scope.REVIEW, {200: forms.TogetherOut}, takes=forms.Together, extra=_TAG))
def decide(request: HttpRequest, task: str) -> dict[str, Any]:
    """Give one verdict to each of these looks, as far as they can still be taken; each is stored singly."""
    key = finding.key(request)
    found, person = finding.task(key, task), finding.person(key)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.Together)
    verdict = Verdict(wanted.verdict)
    if verdict == Verdict.REJECT and wanted.reason not in found.reason_words:
        raise Fault(422, "unfit", "Choose a reason for the rejection.", where="/reason")
    said = Said(verdict, reason=wanted.reason if verdict == Verdict.REJECT else "")
    try:
        return _told(deciding.decide(wanted.looks, task=found, user_id=person, said=said))
    except deciding.Unfit as error:
        raise Fault(422, "unfit", str(error)) from None


@call("POST", f"{_ADDRESS}/undo", Terms(Scope.REVIEW, {200: forms.TogetherOut}, takes=forms.TogetherBack, extra=_TAG))
def take_back(request: HttpRequest, task: str) -> dict[str, Any]:
    """Take back what this person decided in one go, as long as it has not left; each look is open again."""
    key = finding.key(request)
    found, person = finding.task(key, task), finding.person(key)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.TogetherBack)
    return _told(deciding.take_back(wanted.looks, task_id=found.pk, user_id=person))


def _told(outcome: deciding.Outcome) -> dict[str, Any]:
    left = [{"id": review_id, "words": words} for review_id, words in outcome.left]
    return {"done": list(outcome.done), "left": left}


def _choice(one: together.Choice) -> dict[str, Any]:
    return {"value": one.value, "label": one.label, "count": one.count}


def _answer(request: HttpRequest) -> str:
    text = request.GET.get("answer", "")
    if len(text) > _LONGEST:
        raise Fault(400, "filter", f"answer has {len(text)} characters; at most {_LONGEST} fit.", where="answer")
    return text


def _like(request: HttpRequest) -> int:
    text = request.GET.get("like")
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text)):
        raise Fault(400, "filter", f"like is {strict.shown(text)}: write the id of a look.", where="like")
    return int(text)
