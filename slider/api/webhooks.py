"""Where a task's results and news are sent: endpoints are listed, made, changed, tested, given new secrets, removed."""

from typing import Any

from django.http import HttpRequest
from ninja import Status

from slider.api import body, finding
from slider.api import shapes_webhooks as forms
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.webhook_told import delivery, told
from slider.flow import endpoints
from slider.models import Endpoint, Scope
from slider.queries import receivers

TAG = {"tag": "Webhooks"}
_LIST, _ONE = "/tasks/{task}/webhooks", "/tasks/{task}/webhooks/{endpoint_id}"


@call("GET", _LIST, Terms(Scope.ADMINISTER, {200: forms.WebhooksOut}, "operate", extra=TAG))
def list_webhooks(request: HttpRequest, task: str) -> dict[str, Any]:
    """The task's endpoints."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return {"webhooks": [told(one) for one in receivers.of_task(found)]}


@call(
    "POST",
    _LIST,
    Terms(Scope.ADMINISTER, {201: forms.SavedWebhookOut}, takes=forms.NewWebhook, once=("secret",), extra=TAG),
)
def make(request: HttpRequest, task: str) -> Status[Any]:
    """Send the task's events to an address from now on."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    said = body.shaped(request, forms.NewWebhook)
    try:
        saved = endpoints.make(
            found, url=said.url, description=said.description, events=said.events, secret=said.secret or ""
        )
    except endpoints.Unfit as error:
        raise _unfit(error) from None
    return Status(201, _saved(saved))


@call("GET", _ONE, Terms(Scope.ADMINISTER, {200: forms.WebhookOut}, "operate", extra=TAG))
def show(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """One endpoint, how it does, and what waits for it."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    return told(receivers.one(found))


@call("PATCH", _ONE, Terms(Scope.ADMINISTER, {200: forms.SavedWebhookOut}, takes=forms.WebhookChange, extra=TAG))
def change(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """Change an endpoint, stop it or start it again; another host gets another secret, which is shown this once."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    said = body.shaped(request, forms.WebhookChange)
    wish = endpoints.Wish(said.url, said.description, said.events, said.on, said.why)
    key = finding.key(request)
    try:
        return _saved(endpoints.change(found, wish, by=key.person.get_username() if key.person else key.name))
    except endpoints.Unfit as error:
        raise _unfit(error) from None


@call("DELETE", _ONE, Terms(Scope.ADMINISTER, {204: None}, extra=TAG))
def remove(request: HttpRequest, task: str, endpoint_id: str) -> Status[Any]:
    """Send nothing more there, and forget what was owed to it: results are kept and can be read."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    endpoints.remove(found)
    return Status(204, None)


@call(
    "POST",
    f"{_ONE}/secret",
    Terms(Scope.ADMINISTER, {200: forms.SavedWebhookOut}, takes=forms.NewSecret, once=("secret",), extra=TAG),
)
def rotate(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """Replace the signing secret, which is shown this once; for some hours the old one signs beside it."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    said = body.shaped(request, forms.NewSecret)
    try:
        return _saved(endpoints.rotate(found, overlap_h=said.overlap_h, secret=said.secret or ""))
    except endpoints.Unfit as error:
        raise _unfit(error) from None


@call("POST", f"{_ONE}/test", Terms(Scope.ADMINISTER, {202: forms.DeliveryOut}, "operate", extra=TAG))
def test(request: HttpRequest, task: str, endpoint_id: str) -> Status[Any]:
    """Send a `webhook.test` within a second or two, from where results are sent; ask for the delivery how it went."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    try:
        parcel = endpoints.test(found)
    except endpoints.Unfit as error:
        raise Fault(409, "too_many_tests", f"{error}.") from None
    parcel.refresh_from_db()
    return Status(202, delivery(parcel, sees_items=True))


def endpoint(request: HttpRequest, task: str, endpoint_id: str) -> Endpoint:
    """The endpoint of this number, of this task, in the key's project; else it is not found."""
    found = finding.task(finding.key(request), task)
    number = body.identifier(endpoint_id)
    one = Endpoint.objects.filter(pk=number, task=found, removed_at=None).first()
    if one is None:
        raise not_found()
    return one


def _saved(saved: endpoints.Saved) -> dict[str, Any]:
    saved.endpoint.refresh_from_db()
    return told(receivers.one(saved.endpoint)) | {"secret": saved.new_secret or None}


def _unfit(error: endpoints.Unfit) -> Fault:
    words = str(error)
    return Fault(422, "unfit", f"{words[:1].upper()}{words[1:]}.", where=f"/{error.where}" if error.where else "")
