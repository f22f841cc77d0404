"""The fleet by worker profile: what is in the air, requests and tokens a minute, money today, and what is wrong."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from slider.models import Halt, Outcome, Spend, Worker
from slider.queries import endpoints
from slider.queries.fleet_hosts import Process
from slider.queries.fleet_tail import Calls, calls


@dataclass(frozen=True, slots=True)
class Profile:
    """A worker's newest version. `spent` counts all versions of today; None: no price is known.

    `trouble` is what keeps it from working, in words.
    """

    worker: Worker
    halt: Halt | None
    flying: int
    calls: Calls | None
    spent: Decimal | None
    trouble: str

    @property
    def budget_share(self) -> float | None:
        budget = self.worker.daily_budget
        if not budget:
            return None
        return min(1.0, float((self.spent or Decimal(0)) / budget))

    @property
    def failures(self) -> str:
        """What went wrong most often lately, in words."""
        if self.calls is None or not self.calls.failed:
            return ""
        worst = max((n, o) for o, n in self.calls.outcomes.items() if o != Outcome.ANSWERED)[1]
        return str(Outcome(worst).label)

    @property
    def failed_share(self) -> float:
        return self.calls.failed / self.calls.count if self.calls and self.calls.count else 0.0


def profiles(task_ids: Sequence[int], processes: Sequence[Process]) -> list[Profile]:
    """The workers in use of these tasks, by task and rung."""
    found, halts, flying = calls(task_ids), _halts(task_ids), _flying(processes)
    spent = _spent(task_ids)
    used = Worker.objects.filter(task__in=task_ids, retired_at=None).select_related("task__project")
    workers = list(used.order_by("task__project__name", "task__name", "task_id", "rung"))
    troubles = endpoints.troubles(workers)
    return [
        Profile(
            worker=worker,
            halt=halts.get((worker.task_id, worker.name)),
            flying=flying[(worker.task_id, worker.name)],
            calls=found.get(worker.pk),
            spent=spent.get((worker.task_id, worker.name), Decimal(0)),
            trouble=troubles.get(worker.pk, ""),
        )
        for worker in workers
    ]


def _halts(task_ids: Sequence[int]) -> dict[tuple[int | None, str], Halt]:
    halts = Halt.objects.filter(task__in=task_ids).exclude(profile="").select_related("by")
    return {(halt.task_id, halt.profile): halt for halt in halts}


def _flying(processes: Sequence[Process]) -> Mapping[tuple[int | None, str], int]:
    flying: dict[tuple[int | None, str], int] = defaultdict(int)
    for process in processes:
        if not process.is_silent:
            flying[(process.presence.task_id, process.presence.profile)] += process.presence.flying
    return flying


def _spent(task_ids: Sequence[int]) -> dict[tuple[int, str], Decimal | None]:
    """Money of today by task and worker; None where calls were made and none of them has a price."""
    today = Spend.objects.filter(worker__task__in=task_ids, day=timezone.now().date(), calls__gt=0)
    sums = today.values_list("worker__task_id", "worker__name").annotate(money=Sum("cost"))
    priced = set(
        today.filter(worker__price_in__isnull=False, worker__price_out__isnull=False).values_list(
            "worker__task_id", "worker__name"
        )
    )
    return {(task_id, name): money if money or (task_id, name) in priced else None for task_id, name, money in sums}
