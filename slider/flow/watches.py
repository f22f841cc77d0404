"""The only writer of a Watch: a task's evidence begins anew with each epoch, and grows with each round of the guard."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from slider.models import Watch

EPOCHS_OWN = ("epoch", "round", "state", "routed_to", "counted_to", "closed_to", "fitted_at", "judged", "detectors")
KEPT = (*EPOCHS_OWN, "settled_to", "ledger", "ledger_since", "updated_at")


def begin(task_id: int, *, epoch: int, at: int, state: Mapping[str, Any] | None = None, labels: int = 0) -> None:
    """Forget what was counted: items from the place `at` on are the evidence of `epoch`. The gauge is locked.

    `state` is evidence that was there before its first item, of so many `labels`, which a calibration was fitted on.
    The ledger goes on: what has left stays gone, whatever is known of it. Where there is no row, it begins here.
    """
    begun = Watch.objects.filter(pk=task_id).update(
        epoch=epoch,
        round=F("round") + 1,
        state=state or {},
        routed_to=at,
        counted_to=at,
        closed_to=at,
        fitted_at=labels if state else 0,
        judged=labels if state else 0,
        detectors=[],
        updated_at=Now(),
    )
    if not begun:
        Watch.objects.create(task_id=task_id, epoch=epoch, routed_to=at, counted_to=at, closed_to=at, settled_to=at)


def keep(watch: Watch) -> None:
    """Write down what a round has taken in. The row is locked by `locked`."""
    watch.round += 1
    watch.updated_at = Now()
    watch.save(update_fields=KEPT)


def locked(task_id: int) -> Watch | None:
    """The row as it stands now, locked until the transaction ends. The gauge comes first."""
    return Watch.objects.select_for_update().filter(pk=task_id).first()


def disturb(task_id: int) -> None:
    """Have a round that is under way keep nothing: what it read was taken back. A round that ends now is waited for."""
    Watch.objects.filter(pk=task_id).update(round=F("round") + 1)
