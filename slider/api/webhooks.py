"""Where a task's results are sent: read, set, a new secret; what got stuck, and sending it again."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, finding, shapes
from slider.api.calls import Terms, call
from slider.api.faults import Fault
from slider.api.shapes import Shape
from slider.flow import endpoints, operate, requeue
from slider.models import Endpoint, Scope, Task
from slider.queries import fleet_stuck
from slider.webhook import UrlError, check_url

_TAG = {"tag": "Webhooks"}


class Address(BaseModel):
    """Where results are sent."""

    model_config = ConfigDict(extra="forbid", strict=True)
    url: str = Field(min_length=1, max_length=500, examples=["https://hooks.example.org/slider"])


class Replay(shapes.Because):
    """Send again what is stuck, up to the publication `upto` that was shown."""

    upto: int = Field(ge=0, le=2**62, examples=[120])


class WebhookOut(Shape):
    """The endpoint of a task; `url` null: none is set. `stopped` says since when nothing is sent, and why."""

    url: str | None = Field(examples=["https://hooks.example.org/slider"])
    stopped_at: shapes.Moment | None
    stopped_why: str


class SavedOut(WebhookOut):
    """The endpoint and, where it is a new one, its signing secret: it is shown this once."""

    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class StuckOut(Shape):
    """A result that could not be delivered."""

    item: int
    external_id: str
    problem: str
    since: shapes.Moment


class StuckListOut(Shape):
    """What is stuck: how many (at most 2,000 are counted), up to which publication, and the first ten."""

    count: int
    more: bool
    upto: int
    examples: list[StuckOut]


class ReplayedOut(Shape):
    """How many results are sent again at once, with all their tries."""

    sent: int


@call("GET", "/tasks/{task}/webhook", Terms(Scope.ADMINISTER, {200: WebhookOut}, extra=_TAG))
def show(request: HttpRequest, task: str) -> dict[str, Any]:
    """Where the task's results are sent."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return _told(Endpoint.objects.filter(task=found).first())


@call(
    "PUT",
    "/tasks/{task}/webhook",
    Terms(Scope.ADMINISTER, {200: SavedOut}, takes=Address, extra=_TAG),
)
def save(request: HttpRequest, task: str) -> dict[str, Any]:
    """Send results to this address from now on, and try again what was stopped. Another address has another secret."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    url = body.shaped(request, Address).url.strip()
    try:
        check_url(url, allow_hosts=settings.ENV.SLIDER_WEBHOOK_HOSTS)
    except UrlError as error:
        raise Fault(422, "unfit", str(error), where="/url") from None
    saved = endpoints.save(found, url=url)
    return _told(saved.endpoint) | {"secret": saved.new_secret or None}


@call("DELETE", "/tasks/{task}/webhook", Terms(Scope.ADMINISTER, {204: None}, extra=_TAG))
def remove(request: HttpRequest, task: str) -> Status[Any]:
    """Send nothing more: results are kept and can be read."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    endpoints.remove(found)
    return Status(204, None)


@call(
    "POST",
    "/tasks/{task}/webhook/secret",
    Terms(Scope.ADMINISTER, {200: SavedOut}, once=("secret",), extra=_TAG),
)
def renew(request: HttpRequest, task: str) -> dict[str, Any]:
    """Replace the signing secret; it is shown this once."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    saved = endpoints.renew_secret(found)
    if saved is None:
        raise Fault(409, "no_webhook", "No address is set: there is nothing to sign.", hint="Set one first.")
    return _told(saved.endpoint) | {"secret": saved.new_secret}


@call("GET", "/tasks/{task}/webhook/stuck", Terms(Scope.ADMINISTER, {200: StuckListOut}, "operate", extra=_TAG))
def stuck(request: HttpRequest, task: str) -> dict[str, Any]:
    """Results that were given up, or wait for a late try."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    dry = fleet_stuck.dry(found.pk, "publications")
    examples = [
        {"item": one.item_id, "external_id": one.name, "problem": one.words, "since": one.since} for one in dry.examples
    ]
    return {"count": dry.count, "more": dry.is_more, "upto": dry.upto, "examples": examples}


@call(
    "POST",
    "/tasks/{task}/webhook/replay",
    Terms(Scope.ADMINISTER, {200: ReplayedOut}, "operate", takes=Replay, extra=_TAG),
)
def replay(request: HttpRequest, task: str) -> dict[str, Any]:
    """Send what is stuck again, at once and with all its tries; each keeps its webhook-id."""
    key = finding.key(request)
    found: Task = finding.task(key, task)
    body.refuse_unknown(request)
    said = body.shaped(request, Replay)
    try:
        sent = requeue.publications(requeue.Order(found.pk, said.upto, finding.person(key), said.reason))
    except operate.Unfit as error:
        raise Fault(422, "unfit", str(error), where="/reason") from None
    return {"sent": sent}


def _told(endpoint: Endpoint | None) -> dict[str, Any]:
    if endpoint is None:
        return {"url": None, "stopped_at": None, "stopped_why": ""}
    return {"url": endpoint.url, "stopped_at": endpoint.disabled_at, "stopped_why": endpoint.disabled_why}
