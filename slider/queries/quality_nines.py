"""The march of nines: what the unattended lane is certified for, and what each next step costs in audits."""

import math
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from slider.engine import nines
from slider.models import Policy
from slider.queries import errors, quality_looks, traffic

AHEAD = 4  # steps that are shown beyond what is certified


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `error` is to be shown to be the most. None: labels alone will not do, or the pace is not known."""

    error: float
    nines: float
    done: bool
    audits: float | None
    days: float | None
    hours: float | None
    money: Decimal | None


@dataclass(frozen=True, slots=True)
class March:
    """`certified` is a lower bound in nines, None while nothing is known; `assumed` the error the costs rest on."""

    certified: float | None
    estimate: float | None
    assumed: float
    steps: list[Step]
    following: Step | None  # the next whole nine


def march(policy: Policy, audits: errors.Audits, *, pace: quality_looks.Pace) -> March:
    """Work out what the audits that count (`errors.counted`) certify, and the price of the steps beyond."""
    known = errors.measured(audits, delta=policy.delta)
    looked, wrong = audits
    # As if half an error had been seen in 1/limit audits: without any, the guess is half the limit.
    assumed = (wrong + 0.5) / (looked + 1 / policy.error_limit)
    seconds = traffic.seconds_a_look(policy.task_id)
    upper = 1.0 if known.upper is None else known.upper

    def step(target: float) -> Step:
        if upper <= target:
            return Step(target, nines.nines(target), done=True, audits=0, days=None, hours=None, money=None)
        needed = nines.labels_for(target, error=assumed, delta=policy.delta, wrong=[wrong], right=[looked - wrong])
        if math.isinf(needed):
            return Step(target, nines.nines(target), done=False, audits=None, days=None, hours=None, money=None)
        return Step(
            error=target,
            nines=nines.nines(target),
            done=False,
            audits=needed,
            days=needed / pace.audits_done if pace.audits_done else None,
            hours=None if seconds is None else needed * seconds / 3600,
            money=Decimal(round(needed)) * settings.ENV.SLIDER_REVIEW_COST,
        )

    steps = [step(float(target)) for target in nines.STEPS]
    done = sum(one.done for one in steps)
    whole = nines.error_of(math.floor(nines.nines(upper) + 1e-9) + 1)
    return March(
        certified=None if known.upper is None else nines.nines(known.upper),
        estimate=known.estimate,
        assumed=assumed,
        steps=steps[max(done - 1, 0) : done + AHEAD],
        following=step(whole) if whole >= float(nines.STEPS[-1]) else None,
    )
