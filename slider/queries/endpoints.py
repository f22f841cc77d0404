"""How a worker's endpoint is doing: what keeps it from answering, and the batches that are under way there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from slider.models import Batch, Circuit, Worker

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A worker's endpoint as its page shows it."""

    trouble: str
    batches: Sequence[Batch]
    apart: bool


def endpoint(worker: Worker) -> Endpoint:
    """All that is known of a worker's endpoint; its newest batches, each with `count` and `waiting` items."""
    circuit = _circuit(worker)
    unsettled = Count("items", filter=Q(items__settled=False))
    batches = (
        Batch.objects.filter(worker__task=worker.task_id, worker__name=worker.name)
        .annotate(count=Count("items"), waiting=unsettled)
        .order_by("-pk")[:SHOWN]
    )
    return Endpoint(_said(worker, circuit), list(batches), circuit is not None and circuit.apart)


def trouble(worker: Worker) -> str:
    """What keeps a worker from working, in words; empty where nothing does."""
    return _said(worker, _circuit(worker))


def troubles(workers: Sequence[Worker]) -> dict[int, str]:
    """The same for many workers, by their ids; nothing of those that work."""
    found = Circuit.objects.exclude(opened_at=None)
    out = {(one.base_url, one.model, one.key_name): one for one in found}
    said = {worker.pk: _said(worker, out.get(_key(worker))) for worker in workers}
    return {worker_id: words for worker_id, words in said.items() if words}


def out() -> int:
    """How many endpoints in use do not answer."""
    found = Circuit.objects.exclude(opened_at=None).values_list("base_url", "model", "key_name")
    in_use = {_key(worker) for worker in Worker.objects.filter(retired_at=None)} if found else set()
    return sum(row in in_use for row in found)


def _said(worker: Worker, circuit: Circuit | None) -> str:
    if worker.trouble or circuit is None or circuit.opened_at is None:
        return worker.trouble
    since = f"{circuit.opened_at:%-d %b, %H:%M} UTC"
    return (
        f"No usable answer since {since}. The last one: {circuit.reason} "
        "It is asked again every few seconds; items wait meanwhile and lose no try."
    )


def _key(worker: Worker) -> tuple[str, str, str]:
    return worker.base_url or settings.ENV.OPENAI_BASE_URL, worker.model, worker.key_name


def _circuit(worker: Worker) -> Circuit | None:
    base_url, model, key_name = _key(worker)
    return Circuit.objects.filter(base_url=base_url, model=model, key_name=key_name).first()
