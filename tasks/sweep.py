"""The sweep: finds what a lost hint, a killed worker or a closed tab left behind. Any number of them is harmless."""

import structlog
from django.db import DatabaseError, connection, transaction

from slider.celery import app
from slider.flow import (
    asking,
    claims,
    exports,
    files,
    handing,
    histories,
    imports,
    leavers,
    presence,
    publish,
    repeats,
    route,
    tidying,
    wake,
    work,
)
from slider.flow.records import Rated
from slider.models import Payload, State, Task

log = structlog.get_logger(__name__)
_SWEEP = 7_303  # the advisory lock's own number space


@app.task(name="tasks.sweep.sweep")
def sweep() -> dict[str, int]:
    """Return run-out leases, hand over what was tried too often, and hint every stage that has work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [_SWEEP])
        if not cursor.fetchone()[0]:
            return {}
    try:
        found = {
            "leases": claims.run_out(),
            "reviews": claims.free_reviews(),
            "left": leavers.free_held(),
            "assigned": handing.free_from_leavers(),
            "forgotten": exports.forget(),
            "given_up": sum(_handed_over(task) for task in Task.objects.order_by("pk")),
        }
        found |= {"cut_off": files.tidy(), "dropped": asking.drop_stale() + histories.drop_stale()}
        presence.forget()
        repeats.forget()
        presence.sign("sweep")
        for task_id in work.waiting():
            wake.hint("work", task_id)
        for endpoint_id in publish.waiting():
            wake.hint("publish", endpoint_id)
        for import_id in imports.waiting():
            wake.hint("intake", import_id)
        for export_id in exports.waiting():
            wake.hint("export", export_id)
        _tidied()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [_SWEEP])
    return found


def _tidied() -> None:
    """Clear away what webhooks leave behind, after all hints: nothing waits for it, and it must hold up nothing."""
    for clear in (tidying.tidy, tidying.adopt):
        try:
            clear()
        except DatabaseError as error:
            log.error("the sweep could not tidy", what=clear.__name__, error=f"{type(error).__name__}: {error}"[:500])


def _handed_over(task: Task) -> int:
    """How many items of a task went to people. One task that can't be swept must not hold up the others."""
    try:
        return hand_over(task)
    except (DatabaseError, ArithmeticError, ValueError, LookupError) as error:
        log.error("the sweep could not hand items over", task=task.pk, error=f"{type(error).__name__}: {error}"[:500])
        return 0


def hand_over(task: Task) -> int:
    """Route to people what was tried too often and never came back with an answer."""
    with transaction.atomic():
        given_up = work.give_up(task.pk, max_tries=task.max_tries)
        if not given_up:
            return 0
        bodies = dict(Payload.objects.filter(pk__in=[i for i, _ in given_up]).values_list("pk", "body"))
        rated = [
            Rated(
                item_id,
                token,
                bodies[item_id],
                None,
                float("-inf"),
                0.0,
                trouble=f"given up after {task.max_tries} tries; each time the worker was lost or gave no answer",
            )
            for item_id, token in given_up
        ]
        return route.route(route.lock(task.pk), rated, source=State.READY)
