"""The figures of workers and their calls for Prometheus: sums for ever from what was spent, and the last minutes."""

from collections.abc import Sequence

from django.db.models import Sum

from slider.exposition import Family
from slider.models import Outcome, Spend
from slider.queries.fleet_profiles import Profile

WORKER = ("project", "task", "worker")


def families(profiles: Sequence[Profile]) -> list[Family]:
    """Sums for ever, today's money, and what the newest calls were like."""
    return [*_sums(profiles), *_now(profiles), *_recent(profiles)]


def name(profile: Profile) -> tuple[str, str, str]:
    task = profile.worker.task
    return task.project.slug, task.slug, profile.worker.name


def _sums(profiles: Sequence[Profile]) -> list[Family]:
    """One row a worker and day: a few thousand a year, whatever the items."""
    calls = Family("slider_calls_total", "counter", "Calls that came back.", WORKER)
    tokens = Family("slider_tokens_total", "counter", "Tokens, in and out.", (*WORKER, "direction"))
    cost = Family("slider_cost_money_total", "counter", "What calls have cost, as far as prices are known.", WORKER)
    rows = Spend.objects.values("worker__task_id", "worker__name").annotate(
        n=Sum("calls"), into=Sum("tokens_in"), out=Sum("tokens_out"), money=Sum("cost")
    )
    sums = {(row["worker__task_id"], row["worker__name"]): row for row in rows}
    for profile in profiles:
        row = sums.get((profile.worker.task_id, profile.worker.name), {"n": 0, "into": 0, "out": 0, "money": 0})
        calls.add(row["n"], *name(profile))
        tokens.add(row["into"], *name(profile), "in")
        tokens.add(row["out"], *name(profile), "out")
        cost.add(row["money"], *name(profile))
    return [calls, tokens, cost]


def _now(profiles: Sequence[Profile]) -> list[Family]:
    flying = Family("slider_calls_in_flight", "gauge", "Calls in the air.", WORKER)
    most = Family("slider_calls_in_flight_most", "gauge", "Calls that may be in the air.", WORKER)
    spent = Family("slider_spent_today_money", "gauge", "Money spent since midnight UTC; absent: no price.", WORKER)
    budget = Family("slider_budget_today_money", "gauge", "Money that may be spent a day; absent: no limit.", WORKER)
    trouble = Family("slider_worker_stopped", "gauge", "1 while an endpoint refuses a worker or is out.", WORKER)
    halted = Family("slider_worker_halted", "gauge", "1 while a worker is paused or draining.", WORKER)
    for one in profiles:
        flying.add(one.flying, *name(one))
        most.add(one.worker.in_flight, *name(one))
        spent.add(None if one.spent is None else float(one.spent), *name(one))
        budget.add(None if one.worker.daily_budget is None else float(one.worker.daily_budget), *name(one))
        trouble.add(bool(one.trouble), *name(one))
        halted.add(one.halt is not None, *name(one))
    return [flying, most, spent, budget, trouble, halted]


def _recent(profiles: Sequence[Profile]) -> list[Family]:
    outcomes = Family("slider_recent_calls", "gauge", "The newest calls by outcome.", (*WORKER, "outcome"))
    rate = Family("slider_recent_calls_per_minute", "gauge", "Calls a minute, of the newest.", WORKER)
    tokens = Family("slider_recent_tokens_per_minute", "gauge", "Tokens a minute, of the newest.", WORKER)
    took = Family("slider_recent_call_seconds", "gauge", "Seconds a call takes.", (*WORKER, "quantile"))
    for one in profiles:
        calls = one.calls
        for outcome in Outcome:
            outcomes.add(calls.outcomes[outcome] if calls else 0, *name(one), outcome)
        rate.add(calls.per_minute if calls else 0.0, *name(one))
        tokens.add(calls.tokens_per_minute if calls else 0.0, *name(one))
        took.add(calls.p50_ms / 1000 if calls else None, *name(one), "0.5")
        took.add(calls.p95_ms / 1000 if calls else None, *name(one), "0.95")
    return [outcomes, rate, tokens, took]
